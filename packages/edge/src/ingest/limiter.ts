import { fullBucket, takeTokens, type Bucket, type Rate } from '@paceline/core'

/** Beyond this many, those that are full again are forgotten: they say nothing. */
const MOST_BUCKETS = 10_000

/** A rate for each of many names. */
export class Limiter {
  readonly #rate: Rate
  readonly #buckets = new Map<string, Bucket>()

  constructor(rate: Rate) {
    this.#rate = rate
  }

  /**
   * Takes what each name asks for, or, where one of them has to wait, nothing at all.
   *
   * @returns how long to wait, in ms; 0 where it was taken
   */
  take(counts: ReadonlyMap<string, number>, now: number): number {
    const taken = [...counts].map(([name, count]) => {
      const bucket = this.#buckets.get(name) ?? fullBucket(this.#rate, now)
      return { name, ...takeTokens(bucket, this.#rate, count, now) }
    })
    const waitMs = Math.max(0, ...taken.map((one) => one.waitMs))
    if (waitMs > 0) return waitMs
    for (const { name, bucket } of taken) {
      // Set anew, so that the map's order is that of last use.
      this.#buckets.delete(name)
      this.#buckets.set(name, bucket)
    }
    this.#forget(now)
    return 0
  }

  #forget(now: number): void {
    if (this.#buckets.size <= MOST_BUCKETS) return
    for (const [name, bucket] of this.#buckets) {
      if (takeTokens(bucket, this.#rate, 0, now).bucket.tokens >= this.#rate.burst) this.#buckets.delete(name)
    }
    // Under a flood of made-up names none may be full: then the ones longest unused go.
    for (const name of this.#buckets.keys()) {
      if (this.#buckets.size <= MOST_BUCKETS) return
      this.#buckets.delete(name)
    }
  }
}
