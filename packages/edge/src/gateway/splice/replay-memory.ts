/** Characters that the answers under way may hold in one isolate, which has 128 MB for everything. */
const MOST = 16_777_216

/**
 * How much an isolate remembers of the answers that are under way. Shares are given back, and where that never happens,
 * since a caller left at the wrong moment, they run out by themselves.
 */
export class ReplayMemory {
  readonly #most: number
  readonly #shares = new Set<Share>()
  #total = 0

  constructor(most = MOST) {
    this.#most = most
  }

  /** @param until when the answer is over at the latest */
  open(until: number): Share {
    return { until, length: 0 }
  }

  /** @returns whether there was room for it */
  take(share: Share, length: number, now: number): boolean {
    if (this.#total + length > this.#most) this.#giveUpOverdue(now)
    if (this.#total + length > this.#most) return false
    // Not sooner: an answer that nobody begins to read is never closed.
    this.#shares.add(share)
    share.length += length
    this.#total += length
    return true
  }

  close(share: Share): void {
    if (this.#shares.delete(share)) this.#total -= share.length
  }

  #giveUpOverdue(now: number): void {
    for (const share of this.#shares) if (share.until <= now) this.close(share)
  }
}

export interface Share {
  readonly until: number
  length: number
}
