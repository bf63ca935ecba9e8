import type { Phase } from '@paceline/core'

/**
 * Why an upstream call was given up. Plain data and no Error: workerd keeps copies of the reason for longer than the call,
 * and what an Error costs there is said at `forgetFrames`.
 */
export type GivenUp =
  | { readonly kind: 'client-left' | 'beaten' | 'over' }
  | {
      readonly kind: 'expired'
      readonly phase: Phase
      /** Whether the last instant came, and not the end of the phase's own time. */
      readonly atLast: boolean
    }

/**
 * One deadline at a time for an upstream call; when it passes, the call is aborted. Re-arming for every output of
 * a stream is cheap: the timer itself is set anew only when it fires early.
 */
export class PhaseTimer {
  readonly #controller = new AbortController()
  readonly #lastAt: number
  #reason: GivenUp | null = null
  #phase: Phase = 'headers'
  #dueAt = 0
  #firesAt = Number.POSITIVE_INFINITY
  #pausedAt: number | null = null
  #handle: ReturnType<typeof setTimeout> | null = null

  /** @param lastAt the instant that no phase may outlive */
  constructor(lastAt: number) {
    this.#lastAt = lastAt
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Null as long as nobody has given up. */
  get reason(): GivenUp | null {
    return this.#reason
  }

  arm(phase: Phase, ms: number): void {
    this.#phase = phase
    this.#dueAt = Math.min(Date.now() + ms, this.#lastAt)
    if (this.#dueAt < this.#firesAt) this.#schedule(this.#dueAt)
  }

  /** Stops the clock of the phase, though not that of the last instant. */
  pause(): void {
    this.#pausedAt = Date.now()
  }

  resume(): void {
    if (this.#pausedAt === null) return
    const pausedMs = Date.now() - this.#pausedAt
    this.#pausedAt = null
    if (!Number.isFinite(this.#dueAt)) return
    this.#dueAt = Math.min(this.#dueAt + pausedMs, this.#lastAt)
    if (this.#dueAt < this.#firesAt) this.#schedule(this.#dueAt)
  }

  abort(reason: GivenUp): void {
    this.stop()
    this.#reason ??= reason
    this.#controller.abort(reason)
  }

  stop(): void {
    if (this.#handle !== null) clearTimeout(this.#handle)
    this.#handle = null
    this.#firesAt = Number.POSITIVE_INFINITY
    this.#dueAt = Number.POSITIVE_INFINITY
  }

  #schedule(at: number): void {
    if (this.#handle !== null) clearTimeout(this.#handle)
    this.#firesAt = at
    this.#handle = setTimeout(() => this.#fire(), Math.max(at - Date.now(), 0))
  }

  #fire(): void {
    this.#handle = null
    this.#firesAt = Number.POSITIVE_INFINITY
    const now = Date.now()
    const atLast = now >= this.#lastAt
    if (atLast || (this.#pausedAt === null && now >= this.#dueAt))
      this.abort({ kind: 'expired', phase: this.#phase, atLast })
    else this.#schedule(this.#pausedAt === null ? this.#dueAt : this.#lastAt)
  }
}
