import { DurableObject } from 'cloudflare:workers'
import type { Report } from '@paceline/core'
import type { Batch, IngestAnswer } from './arrival.ts'
import { EventShard } from './event-shard.ts'

/** A coordinator that hasn't answered by then is asked again later. */
const LISTEN_MS = 10_000

/** One of the objects that keep the events: the shard's thin shell. */
export class EventIngest extends DurableObject<Environment> {
  readonly #shard: EventShard

  constructor(state: DurableObjectState, environment: Environment) {
    super(state, environment)
    this.#shard = new EventShard(state.storage, { observe: (report) => this.#tell(report) }, Date.now)
  }

  ingest(batch: Batch): IngestAnswer {
    const answer = this.#shard.ingest(batch)
    this.ctx.waitUntil(this.#shard.attend())
    return answer
  }

  override alarm(): Promise<void> {
    return this.#shard.alarm()
  }

  async #tell(report: Report): Promise<void> {
    const { COORDINATOR: coordinators } = this.env
    const coordinator = coordinators.get(coordinators.idFromName('default'))
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new Error('the coordinator is late')), LISTEN_MS)
    try {
      await Promise.race([coordinator.observe(report), late])
    } finally {
      clearTimeout(timer)
    }
  }
}

/** What the coordinator is to a shard. */
interface CoordinatorObject extends Rpc.DurableObjectBranded {
  observe(report: Report): Promise<void>
}

interface Environment {
  readonly COORDINATOR: DurableObjectNamespace<CoordinatorObject>
}
