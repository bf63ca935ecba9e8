import {
  inForce,
  isNewer,
  NO_DIRECTIVES,
  type InForce,
  type ServerDirectives,
  type Version,
} from '@paceline/core'

/** Directives as somebody holds them, and how old they were when they were handed over. */
export interface HeldDirectives {
  readonly directives: ServerDirectives
  readonly ageMs: number
}

/** The newest directives that this isolate or object has heard of. Without any, everything is as configured. */
export class DirectiveView {
  #directives: ServerDirectives = NO_DIRECTIVES
  #issuedAt = -Infinity
  #inForce: InForce = inForce(NO_DIRECTIVES, 0)
  /** Until when `#inForce` can't change by time alone. */
  #sameUntil = Infinity

  /** What was heard last; its age grows as long as nobody says it anew. */
  held(now: number): HeldDirectives {
    return { directives: this.#directives, ageMs: this.#ageMs(now) }
  }

  get version(): Version {
    return this.#directives
  }

  /** Whether anything was heard at all. */
  get isEmpty(): boolean {
    return this.#directives.epoch === 0
  }

  /** Takes newer directives, and the news that the ones it holds are younger than it thought. */
  take({ directives, ageMs }: HeldDirectives, now: number): void {
    const issuedAt = now - ageMs
    const { epoch, version } = this.#directives
    const isSame = directives.epoch === epoch && directives.version === version
    if (!isNewer(directives, this.#directives) && !(isSame && issuedAt > this.#issuedAt)) return
    this.#directives = directives
    this.#issuedAt = issuedAt
    this.#sameUntil = -Infinity
  }

  /** What they come to at this moment; made anew only when a lease has ended since. */
  inForce(now: number): InForce {
    if (now < this.#sameUntil) return this.#inForce
    const ageMs = this.#ageMs(now)
    this.#inForce = inForce(this.#directives, ageMs)
    const { leases, maxAgeMs } = this.#directives
    const ends = [maxAgeMs, ...leases.map(({ ttlMs }) => ttlMs)].filter((endMs) => endMs >= ageMs)
    // Not beyond the very instant of an end, in which a lease is over already and the whole not stale yet.
    this.#sameUntil = now + Math.min(Infinity, ...ends) - ageMs
    return this.#inForce
  }

  /** The version that a call routed now may be said to follow: none where a lease on routing is over or all is stale. */
  followedAt(now: number): number {
    const ageMs = this.#ageMs(now)
    const { leases, maxAgeMs, version } = this.#directives
    const isLess =
      ageMs > maxAgeMs || leases.some(({ sets, ttlMs }) => sets.shares !== undefined && ttlMs <= ageMs)
    return isLess ? 0 : version
  }

  #ageMs(now: number): number {
    return Math.max(0, now - this.#issuedAt)
  }
}
