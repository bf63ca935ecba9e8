import type { Outcome } from './play-schedule.ts'

/** What a run came to; the form of `--json`. */
export interface Result {
  readonly passed: boolean
  readonly seed: number
  readonly schedules: number
  readonly calls: number
  readonly complete: number
  readonly incomplete: number
  readonly attempts: number
  /** The longest that anybody waited, in ms. */
  readonly longestMs: number
  readonly tookS: number
  readonly failures: readonly Failure[]
}

export interface Failure {
  readonly replay: string
  readonly violations: readonly string[]
}

/** Adds up what became of schedules. */
export class Tally {
  readonly #seed: number
  readonly #startedAt = performance.now()
  readonly #failures: Failure[] = []
  #schedules = 0
  #calls = 0
  #complete = 0
  #incomplete = 0
  #attempts = 0
  #longestMs = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  /** @returns the failure, where the schedule is one */
  add({ schedule, calls, violations }: Outcome): Failure | null {
    this.#schedules += 1
    for (const { seen, attempts } of calls) {
      this.#calls += 1
      this.#attempts += attempts.length
      this.#longestMs = Math.max(this.#longestMs, seen.tookMs)
      if (seen.ending === 'complete') this.#complete += 1
      if (seen.ending === 'incomplete') this.#incomplete += 1
    }
    if (violations.length === 0) return null
    const replay = `npm run faults -- --seed ${schedule.seed} --only ${schedule.number}`
    const failure = { replay, violations }
    this.#failures.push(failure)
    return failure
  }

  get result(): Result {
    return {
      passed: this.#failures.length === 0,
      seed: this.#seed,
      schedules: this.#schedules,
      calls: this.#calls,
      complete: this.#complete,
      incomplete: this.#incomplete,
      attempts: this.#attempts,
      longestMs: Math.round(this.#longestMs),
      tookS: Math.round((performance.now() - this.#startedAt) / 1_000),
      failures: this.#failures,
    }
  }
}
