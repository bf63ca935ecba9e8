/** What one second of requests came to. */
export interface Load {
  /** Requests in flight, averaged over the time. */
  readonly meanInFlight: number
  /** In flight now. */
  readonly inFlight: number
  readonly admitted: number
}

/** Counts requests in flight and weighs them with the time that they were. */
export class LoadMeter {
  inFlight = 0
  #admitted = 0
  #weighed = 0
  #weighedAt: number
  #readAt: number

  constructor(now: number) {
    this.#weighedAt = now
    this.#readAt = now
  }

  enter(now: number): void {
    this.#weigh(now)
    this.inFlight += 1
    this.#admitted += 1
  }

  leave(now: number): void {
    this.#weigh(now)
    this.inFlight -= 1
  }

  /** The load since the last reading, which begins anew. */
  read(now: number): Load {
    this.#weigh(now)
    const lastedMs = now - this.#readAt
    const load = {
      meanInFlight: lastedMs > 0 ? this.#weighed / lastedMs : this.inFlight,
      inFlight: this.inFlight,
      admitted: this.#admitted,
    }
    this.#readAt = now
    this.#weighed = 0
    this.#admitted = 0
    return load
  }

  #weigh(now: number): void {
    this.#weighed += this.inFlight * (now - this.#weighedAt)
    this.#weighedAt = now
  }
}

/**
 * The load that there would be if nobody had been turned away, in requests at a time: those that were would have
 * stayed as long as those that came in.
 */
export const offeredLoad = ({ meanInFlight, admitted }: Load, turnedAway: number): number =>
  admitted > 0 ? meanInFlight * (1 + turnedAway / admitted) : meanInFlight + turnedAway
