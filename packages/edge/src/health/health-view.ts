import {
  shareFor,
  type Sample,
  type ServerDirectives,
  type ShareSnapshot,
  type Version,
} from '@paceline/core'
import { DirectiveView, type HeldDirectives } from '../directives/directive-view.ts'
import { Ledger, type Counts } from '../metrics/ledger.ts'

/** A small question of our own that is due. */
export interface DueProbe {
  readonly candidate: string
  /** Where it is due because directives want to know how the candidate does there; null where its breaker does. */
  readonly route: string | null
}

/** What ProviderHealth answers to a report. */
export interface HealthAnswer {
  readonly epoch: number
  readonly snapshot: ShareSnapshot
  /** What this isolate may ask, once, now. */
  readonly probes: readonly DueProbe[]
  /** The directives, where they are newer than those that the report named, and how old they are in any case. */
  readonly directives: ServerDirectives | null
  readonly directivesAgeMs: number
}

/** Sends samples to the one writer of health. */
export type Report = (samples: readonly Sample[], known: Version, counts: Counts) => Promise<HealthAnswer>

/** News of a late first token waits only for those that come with it. */
const BATCH = { waitMs: 250, urgentMs: 10, samples: 50 } as const
/** A request that promised to send may be cut off; after this its promise is void. */
const CLAIM_MS = 1_000
/** How long to leave the writer alone when a report failed: it may be out, or have too much to do. */
const REST = { firstMs: 1_000, longestMs: 30_000 } as const
/** More than this many unsent samples are old news. */
const MOST_PENDING = 500
/** Pages may tell much, and must not crowd out what the gateway saw itself. */
const MOST_SHOWN = 100

/**
 * What this isolate knows of its candidates, and what it has yet to tell. Plain data only: promises and timers of
 * one request can't serve another. When the writer can't be reached, the last shares stay (fail static).
 */
export class HealthView {
  #epoch = 0
  #snapshot: ShareSnapshot = { version: 0, shares: {} }
  readonly #directives = new DirectiveView()
  readonly ledger = new Ledger()
  #heardAt = -Infinity
  #pending: Sample[] = []
  /** Whether something pending can't wait for a batch to fill. */
  #urgent = false
  #claimedUntil = 0
  #asked = false
  #restMs: number = REST.firstMs
  #restUntil = 0

  get shares(): ShareSnapshot {
    return this.#snapshot
  }

  get directives(): DirectiveView {
    return this.#directives
  }

  /** When the writer last said which directives there are, in epoch ms. */
  get heardAt(): number {
    return this.#heardAt
  }

  /** Takes the writer's word on the directives. */
  hear(held: HeldDirectives, now: number): void {
    this.#heardAt = now
    this.#directives.take(held, now)
  }

  /** Null as long as nothing has been heard. */
  generationOf(candidate: string): number | null {
    return this.#epoch === 0 ? null : shareFor(this.#snapshot, candidate).generation
  }

  note(sample: Sample): void {
    if (sample.kind === 'shown' && this.#pending.filter(({ kind }) => kind === 'shown').length >= MOST_SHOWN)
      return
    this.#pending.push(sample)
    if (sample.kind === 'first-output' && sample.late) this.#urgent = true
    if (this.#pending.length > MOST_PENDING) this.#pending.shift()
  }

  /**
   * Sends what is pending, unless another request has promised to.
   *
   * @returns the probes that this isolate should now make
   */
  async flush(
    report: Report,
    sleep: (ms: number) => Promise<void>,
    now: () => number,
  ): Promise<readonly DueProbe[]> {
    if (now() < this.#restUntil) return []
    const promised = this.#pending.length
    const full = promised >= BATCH.samples
    const urgent = this.#urgent
    this.#urgent = false
    if (!full && !urgent && now() < this.#claimedUntil) return []
    this.#claimedUntil = now() + CLAIM_MS
    // The first report of an isolate goes at once: until it is answered, dead candidates look healthy here.
    if (!full && this.#asked) await sleep(urgent ? BATCH.urgentMs : BATCH.waitMs)
    this.#asked = true
    // Another request's report may have failed during the wait, or have taken everything along.
    if (now() < this.#restUntil || (promised > 0 && this.#pending.length === 0)) return []
    const samples = this.#pending
    this.#pending = []
    // What comes from here on is not in this report: another request has to promise it.
    this.#claimedUntil = 0
    const counts = this.ledger.take()
    try {
      const answer = await report(samples, this.#directives.version, counts)
      this.#accept(answer, now())
      this.#restMs = REST.firstMs
      return answer.probes
    } catch {
      this.#pending = [...samples, ...this.#pending].slice(-MOST_PENDING)
      this.ledger.add(counts)
      this.#restUntil = now() + this.#restMs
      this.#restMs = Math.min(this.#restMs * 2, REST.longestMs)
      return []
    }
  }

  /** Answers may overtake each other: only a newer one counts. */
  #accept({ epoch, snapshot, directives, directivesAgeMs }: HealthAnswer, now: number): void {
    const held = directives ?? this.#directives.held(now).directives
    this.hear({ directives: held, ageMs: directivesAgeMs }, now)
    const newer = epoch > this.#epoch || (epoch === this.#epoch && snapshot.version > this.#snapshot.version)
    if (!newer) return
    this.#epoch = epoch
    this.#snapshot = snapshot
  }
}
