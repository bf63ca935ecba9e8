import type { Report } from '@paceline/core'
import type { Arrival, Batch, IngestAnswer, Kept } from './arrival.ts'
import { EventStore } from './event-store.ts'
import { Limiter } from './limiter.ts'
import { Outbox } from './outbox.ts'
import { BROWSERS, weigh, type Weighed } from './weigh.ts'

/** Whoever hears what was gathered. A report that comes again counts once there. */
export interface Listener {
  observe(report: Report): Promise<void>
}

type Storage = Pick<DurableObjectStorage, 'sql' | 'kv' | 'transactionSync' | 'setAlarm'>

const RATE_OF_A_SOURCE = { perSecond: 20, burst: 300 } as const
/** News that nobody waits for may wait this long for company. */
const GATHER_MS = 800
const BACKOFF = { firstMs: 500, longestMs: 60_000 } as const

/**
 * One shard of what browsers and servers tell. Events are kept first, together with what the coordinator has to hear
 * of them; only then is it told. Whatever is not acknowledged is told again, after a crash too.
 */
export class EventShard {
  readonly #storage: Storage
  readonly #listener: Listener
  readonly #now: () => number
  readonly #store: EventStore
  readonly #outbox: Outbox
  readonly #limiter = new Limiter(RATE_OF_A_SOURCE)
  #forwarding = false
  #failures = 0
  /** When to tell the coordinator; null while there is nothing to tell. */
  #forwardAt: number | null
  /** The one alarm, as far as this instance has set it. */
  #alarmAt = Infinity

  constructor(storage: Storage, listener: Listener, now: () => number) {
    this.#storage = storage
    this.#listener = listener
    this.#now = now
    this.#store = new EventStore(storage)
    this.#outbox = new Outbox(storage)
    this.#forwardAt = this.#outbox.isEmpty ? null : now()
  }

  ingest({ shard, arrivals }: Batch): IngestAnswer {
    const now = this.#now()
    const retryAfterMs = this.#limiter.take(countBySource(arrivals), now)
    if (retryAfterMs > 0) return { kind: 'limited', retryAfterMs }
    const kept = this.#storage.transactionSync(() => {
      const news: Weighed[] = []
      const verdicts = arrivals.map((arrival) => this.#keep(arrival, now, news))
      this.#store.trim()
      this.#gather(`ingest:${shard}`, news, now)
      return verdicts
    })
    // Written with what was kept, or a crash would leave it for nobody to tell.
    this.#arm(now)
    return { kind: 'kept', kept }
  }

  /** Does what is due, and sees to it that the rest will be. To be called after events, and by the alarm. */
  async attend(): Promise<void> {
    const now = this.#now()
    if (this.#store.sweepAt !== null && now >= this.#store.sweepAt) this.#store.sweep(now)
    if (!this.#forwarding && this.#isDue()) await this.#forward()
    this.#arm(this.#now())
  }

  async alarm(): Promise<void> {
    this.#alarmAt = Infinity
    await this.attend()
  }

  #keep(arrival: Arrival, now: number, news: Weighed[]): Kept {
    const { event, proof } = arrival
    const known = this.#store.find(event.source, event.id)
    if (known !== null) return { verdict: 'duplicate', evidence: known.evidence }
    const call = proof.kind === 'valid' ? proof.call : null
    const spent = call !== null && this.#store.isSpent(call)
    const weighed = weigh(arrival, spent)
    this.#store.add(event, spent ? null : call, weighed.evidence, now)
    if (weighed.sample !== undefined || weighed.refusal !== undefined) news.push(weighed)
    return { verdict: 'accepted', evidence: weighed.evidence }
  }

  #gather(from: string, news: readonly Weighed[], now: number): void {
    if (news.length === 0) return
    this.#outbox.gather(from, now, (gathering) => {
      for (const { sample, refusal } of news) {
        if (sample !== undefined) gathering.addSample(sample)
        if (refusal !== undefined) gathering.addRefusal(refusal)
      }
    })
    // While the coordinator is out, its rest is not cut short.
    if (this.#failures > 0) return
    this.#forwardAt = Math.min(this.#forwardAt ?? Infinity, news.some(isUrgent) ? now : now + GATHER_MS)
  }

  #isDue(): boolean {
    return this.#forwardAt !== null && this.#now() >= this.#forwardAt
  }

  async #forward(): Promise<void> {
    this.#forwarding = true
    try {
      while (this.#isDue()) {
        const report = this.#outbox.seal(this.#now())
        this.#forwardAt = null
        if (report === null) break
        await this.#listener.observe(report)
        this.#outbox.acknowledge()
        this.#failures = 0
        // Behind one that was sealed before a fault, another one waits.
        if (this.#outbox.hasOpen) this.#forwardAt ??= this.#now()
      }
    } catch {
      this.#forwardAt = this.#now() + Math.min(BACKOFF.firstMs * 2 ** this.#failures, BACKOFF.longestMs)
      this.#failures += 1
    } finally {
      this.#forwarding = false
    }
  }

  /** Sets the one alarm for whatever comes first. What is due at once is being done: the alarm stands behind it. */
  #arm(now: number): void {
    const telling = this.#forwarding || this.#forwardAt !== null
    const tellAt = telling ? Math.max(this.#forwardAt ?? now, now + GATHER_MS) : Infinity
    const at = Math.min(tellAt, this.#store.sweepAt ?? Infinity)
    if (at >= this.#alarmAt) return
    this.#alarmAt = at
    // Part of the same write as what was kept; where that fails, so does the request.
    this.#storage.setAlarm(at).catch(() => (this.#alarmAt = Infinity))
  }
}

/** A publishable key stands in every page: what anybody can make up must hurry nobody. */
const isUrgent = ({ sample, refusal }: Weighed): boolean =>
  sample?.late === true || (refusal !== undefined && refusal.source !== BROWSERS)

function countBySource(arrivals: readonly Arrival[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { event } of arrivals) counts.set(event.source, (counts.get(event.source) ?? 0) + 1)
  return counts
}
