import { shareFor, type Sample, type ShareSnapshot } from '@paceline/core'

/** What ProviderHealth answers to a report. */
export interface HealthAnswer {
  readonly epoch: number
  readonly snapshot: ShareSnapshot
  /** Candidates that this isolate may probe, once, now. */
  readonly probes: readonly string[]
}

/** Sends samples to the one writer of health. */
export type Report = (samples: readonly Sample[]) => Promise<HealthAnswer>

const BATCH = { waitMs: 250, samples: 50 } as const
/** A request that promised to send may be cut off; after this its promise is void. */
const CLAIM_MS = 1_000
/** How long to leave the writer alone when a report failed: it may be out, or have too much to do. */
const REST = { firstMs: 1_000, longestMs: 30_000 } as const
/** More than this many unsent samples are old news. */
const MOST_PENDING = 500

/**
 * What this isolate knows of its candidates, and what it has yet to tell. Plain data only: promises and timers of
 * one request can't serve another. When the writer can't be reached, the last shares stay (fail static).
 */
export class HealthView {
  #epoch = 0
  #snapshot: ShareSnapshot = { version: 0, shares: {} }
  #pending: Sample[] = []
  #claimedUntil = 0
  #asked = false
  #restMs: number = REST.firstMs
  #restUntil = 0

  get shares(): ShareSnapshot {
    return this.#snapshot
  }

  /** Null as long as nothing has been heard. */
  generationOf(candidate: string): number | null {
    return this.#epoch === 0 ? null : shareFor(this.#snapshot, candidate).generation
  }

  note(sample: Sample): void {
    this.#pending.push(sample)
    if (this.#pending.length > MOST_PENDING) this.#pending.shift()
  }

  /**
   * Sends what is pending, unless another request has promised to.
   *
   * @returns the candidates that this isolate should now probe
   */
  async flush(
    report: Report,
    sleep: (ms: number) => Promise<void>,
    now: () => number,
  ): Promise<readonly string[]> {
    if (now() < this.#restUntil) return []
    const full = this.#pending.length >= BATCH.samples
    if (!full && now() < this.#claimedUntil) return []
    this.#claimedUntil = now() + CLAIM_MS
    // The first report of an isolate goes at once: until it is answered, dead candidates look healthy here.
    if (!full && this.#asked) await sleep(BATCH.waitMs)
    this.#asked = true
    // Another request's report may have failed during the wait.
    if (now() < this.#restUntil) return []
    const samples = this.#pending
    this.#pending = []
    // What comes from here on is not in this report: another request has to promise it.
    this.#claimedUntil = 0
    try {
      const answer = await report(samples)
      this.#accept(answer)
      this.#restMs = REST.firstMs
      return answer.probes
    } catch {
      this.#pending = [...samples, ...this.#pending].slice(-MOST_PENDING)
      this.#restUntil = now() + this.#restMs
      this.#restMs = Math.min(this.#restMs * 2, REST.longestMs)
      return []
    }
  }

  /** Answers may overtake each other: only a newer one counts. */
  #accept({ epoch, snapshot }: HealthAnswer): void {
    const newer = epoch > this.#epoch || (epoch === this.#epoch && snapshot.version > this.#snapshot.version)
    if (!newer) return
    this.#epoch = epoch
    this.#snapshot = snapshot
  }
}
