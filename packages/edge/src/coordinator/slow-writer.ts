/** Writes to a place that takes only so many writes: what comes too soon waits, and only the newest of it is written. */
export class SlowWriter {
  readonly #write: (text: string) => Promise<void>
  readonly #everyMs: number
  #next: string | null = null
  #running = false

  constructor(write: (text: string) => Promise<void>, everyMs: number) {
    this.#write = write
    this.#everyMs = everyMs
  }

  write(text: string): void {
    this.#next = text
    if (!this.#running) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#next !== null) {
      const text = this.#next
      this.#next = null
      // A write that fails is made good by the next one; until then readers have what they had.
      await this.#write(text).catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, this.#everyMs))
    }
    this.#running = false
  }
}
