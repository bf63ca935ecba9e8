import { learn, newLimit, type LearntLimit, type LimitBounds } from '@paceline/core'
import { InFlight } from './in-flight.ts'

/**
 * What one route has to do in this isolate, and how much it can bear. Each route learns by itself: how long an answer
 * takes is a matter of its models, and a change in the mixture of routes is no queue.
 */
export class RouteLoad {
  readonly inFlight = new InFlight()
  readonly #bounds: LimitBounds
  #limit: LearntLimit

  constructor(bounds: LimitBounds) {
    this.#bounds = bounds
    this.#limit = newLimit(bounds)
  }

  get limit(): number {
    return this.#limit.learnt.limit
  }

  /** Notes how long a provider took to its first output. */
  spoke(ms: number, now: number): void {
    this.#limit = learn(this.#limit, ms, this.inFlight.count(now), this.#bounds)
  }
}
