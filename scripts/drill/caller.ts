import OpenAI from 'openai'
import { clock } from './until.ts'

/** One question and how it was answered, by the caller's clock. */
export interface Ride {
  readonly startedAt: number
  /** When its first text was there; null as long as, or where, none came. */
  firstTextAt: number | null
  endedAt: number | null
  provider: string | null
  /** What went wrong, if anything did. */
  error: string | null
}

/** A user of a route: asks through the official client, at random intervals of a given mean, until stopped. */
export class Caller {
  readonly rides: Ride[] = []
  /** Those that went wrong, of all rides ever. */
  readonly failures: Ride[] = []
  readonly #client: OpenAI
  readonly #route: string
  readonly #open = new Set<Promise<void>>()
  #stopped = false
  #timer: NodeJS.Timeout | undefined

  constructor(gatewayUrl: string, key: string, route: string) {
    this.#client = new OpenAI({ baseURL: `${gatewayUrl}/v1`, apiKey: key, maxRetries: 0, logLevel: 'off' })
    this.#route = route
  }

  /** @param random uniform in [0, 1) */
  start(ratePerS: number, random: () => number): void {
    const next = (): void => {
      if (this.#stopped) return
      const ride = this.#ask().finally(() => this.#open.delete(ride))
      this.#open.add(ride)
      // Half even, half random: bursts as users make them, and still enough of them in every second.
      this.#timer = setTimeout(next, (1_000 / ratePerS) * (0.5 + random()))
    }
    next()
  }

  /** Lets go of what is over; whoever asks from now on sees only what is new. */
  forget(): void {
    this.rides.splice(0, this.rides.findLastIndex(({ endedAt }) => endedAt !== null) + 1)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await Promise.all(this.#open)
  }

  /** Those of whom the first text is there, in the order in which it came. */
  get spoken(): readonly (Ride & { firstTextAt: number })[] {
    return this.rides
      .filter((ride): ride is Ride & { firstTextAt: number } => ride.firstTextAt !== null)
      .sort((a, b) => a.firstTextAt - b.firstTextAt)
  }

  async #ask(): Promise<void> {
    const ride: Ride = { startedAt: clock(), firstTextAt: null, endedAt: null, provider: null, error: null }
    this.rides.push(ride)
    try {
      const { data, response } = await this.#client.chat.completions
        .create({ model: this.#route, stream: true, messages: [{ role: 'user', content: 'Who leads?' }] })
        .withResponse()
      ride.provider = response.headers.get('paceline-provider')
      let finish: string | null = null
      for await (const { choices } of data) {
        if (choices[0]?.delta.content) ride.firstTextAt ??= clock()
        finish = choices[0]?.finish_reason ?? finish
      }
      if (finish === null) ride.error = 'the answer ended without its finish marker'
    } catch (error) {
      ride.error = error instanceof Error ? error.message : String(error)
    }
    ride.endedAt = clock()
    if (ride.error !== null) this.failures.push(ride)
  }
}

export const waitOf = ({ startedAt, firstTextAt }: { startedAt: number; firstTextAt: number }): number =>
  firstTextAt - startedAt
