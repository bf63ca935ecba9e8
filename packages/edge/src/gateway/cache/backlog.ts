import type { PartGenerator, StreamEvent } from '../wire/part.ts'

/** What an event weighs besides its spelling. */
const EVENT_BYTES = 100

/**
 * What has come of a stream and was not read yet, between two parts of the same request: one reads the provider at its
 * pace, the other writes to the client at that one's.
 */
export class Backlog {
  readonly #mostBytes: () => number
  #batch: StreamEvent[] = []
  #bytes = 0
  #ended = false
  #discarded = false
  #error: unknown = null
  /** Wakes whoever waits: the reader for events, or the writer for room. Only one of them ever does. */
  #wake: () => void = () => undefined

  /** @param mostBytes as much as may wait for a slow reader, at the moment */
  constructor(mostBytes: () => number) {
    this.#mostBytes = mostBytes
  }

  /** Takes a batch over; resolves as soon as there is room for another. */
  async push(batch: readonly StreamEvent[]): Promise<void> {
    if (this.#discarded) return
    this.#batch.push(...batch)
    for (const { raw } of batch) this.#bytes += EVENT_BYTES + (raw?.data.length ?? 0)
    this.#wake()
    while (this.#bytes > this.#mostBytes() && !this.#isDiscarded()) await this.#news()
  }

  /** Looks anew whether there is room. */
  poke(): void {
    this.#wake()
  }

  end(error: unknown = null): void {
    this.#ended = true
    this.#error = error
    this.#wake()
  }

  /** Nobody reads any more; what comes is forgotten. */
  discard(): void {
    this.#discarded = true
    this.#batch = []
    this.#bytes = 0
    this.#wake()
  }

  async *read(): PartGenerator {
    while (!this.#isDiscarded()) {
      if (this.#batch.length > 0) {
        const batch = this.#batch
        this.#batch = []
        this.#bytes = 0
        this.#wake()
        yield batch
      } else if (this.#ended) {
        if (this.#error !== null) throw this.#error
        return
      } else await this.#news()
    }
  }

  // Behind a call, since it changes while others wait.
  #isDiscarded(): boolean {
    return this.#discarded
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
