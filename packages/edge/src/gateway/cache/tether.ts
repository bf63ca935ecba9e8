import { isRead, type Flight } from './flight.ts'

/** Workers end what goes on in the background 30 s after the client has left; this ends it first, and says so. */
const UNATTENDED_MS = 28_000

/**
 * Holds a leader's upstream call to those who wait for it: to its own client, and after that one has left to the calls
 * that follow, for as long as the platform allows.
 */
export class Tether {
  readonly #controller = new AbortController()
  readonly #flight: Flight
  readonly #now: () => number
  #leftAt: number | null = null

  constructor(flight: Flight, client: AbortSignal, now: () => number) {
    this.#flight = flight
    this.#now = now
    if (client.aborted) this.leave()
    else client.addEventListener('abort', () => this.leave(), { once: true })
  }

  /** Aborts when nobody waits any more. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The leader's own client is gone. */
  leave(): void {
    this.#leftAt ??= this.#now()
    this.check()
  }

  check(): void {
    if (this.#leftAt === null || this.signal.aborted) return
    const now = this.#now()
    if (isRead(this.#flight, now) && now < this.#leftAt + UNATTENDED_MS) return
    this.#controller.abort(new Error('nobody waits for the answer any more'))
  }
}
