/**
 * Requests that are being worked on, each as the instant by which it is over at the latest. Nothing is counted down: a
 * caller that leaves early may never run what would do it.
 */
export class InFlight {
  readonly #endsAt = new Map<symbol, number>()

  count(now: number): number {
    for (const [request, endsAt] of this.#endsAt) {
      // In the order of arrival, which is nearly that of their ends: what is missed now is found a moment later.
      if (endsAt > now) break
      this.#endsAt.delete(request)
    }
    return this.#endsAt.size
  }

  /** @returns what to call when it is over sooner; any number of times, or never */
  enter(endsAt: number): () => void {
    const request = Symbol('request')
    this.#endsAt.set(request, endsAt)
    return () => void this.#endsAt.delete(request)
  }
}
