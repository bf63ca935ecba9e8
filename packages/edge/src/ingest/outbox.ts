import { reportSchema, type Report } from '@paceline/core'
import * as v from 'valibot'
import { storedCount } from '../stored-value.ts'
import { Gathering } from './gathering.ts'

type Storage = Pick<DurableObjectStorage, 'kv'>

const pendingSchema = v.strictObject({
  report: reportSchema,
  /** When the first of it was gathered. */
  since: v.number(),
})
type Pending = v.InferOutput<typeof pendingSchema>

/** What pages saw longer ago says nothing of how things are: as long as a receipt is good for. */
const NEWS_MS = 600_000

/**
 * What the coordinator has yet to hear, kept with the events that it comes from. One report at a time is sealed and
 * sent until it is acknowledged; it keeps its number, so that the coordinator counts it once however often it comes.
 * What arrives meanwhile is gathered in an open one: however long the coordinator is out, there are two.
 */
export class Outbox {
  readonly #kv: Storage['kv']

  constructor({ kv }: Storage) {
    this.#kv = kv
    // What an older version stored in another shape is worth less than a fresh start.
    for (const name of ['open', 'sealed']) {
      if (!v.is(v.optional(pendingSchema), kv.get(name))) kv.delete(name)
    }
  }

  get isEmpty(): boolean {
    return !this.hasOpen && this.#kv.get('sealed') === undefined
  }

  get hasOpen(): boolean {
    return this.#kv.get('open') !== undefined
  }

  /** Adds to the open report, which this opens where there is none. */
  gather(from: string, now: number, add: (gathering: Gathering) => void): void {
    const open = this.#kv.get<Pending>('open')
    const gathering = new Gathering(open?.report ?? { observations: [], refusals: [] })
    add(gathering)
    const sequence = open?.report.sequence ?? this.#nextSequence(now)
    this.#kv.put<Pending>('open', {
      report: { from, sequence, ...gathering.contents },
      since: open?.since ?? now,
    })
  }

  /** The report that is to be sent next; the same one until it is acknowledged, less what is no news any more. */
  seal(now: number): Report | null {
    const { report, since } = this.#kv.get<Pending>('sealed') ?? this.#sealOpen() ?? {}
    if (report === undefined || since === undefined) return null
    return now - since > NEWS_MS ? { ...report, observations: [] } : report
  }

  acknowledge(): void {
    this.#kv.delete('sealed')
  }

  #sealOpen(): Pending | undefined {
    const open = this.#kv.get<Pending>('open')
    if (open === undefined) return undefined
    this.#kv.put('sealed', open)
    this.#kv.delete('open')
    return open
  }

  /** Starts at the clock, so that it grows even over the loss of everything that was stored. */
  #nextSequence(now: number): number {
    const sequence = (storedCount(this.#kv, 'sequence') ?? now) + 1
    this.#kv.put('sequence', sequence)
    return sequence
  }
}
