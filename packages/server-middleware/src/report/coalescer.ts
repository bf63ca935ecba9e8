/** Lets the same thing through once in a while: what happens a thousand times a second is told once. */
export class Coalescer {
  readonly #windowMs: number
  readonly #passedAt = new Map<string, number>()

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  passes(key: string, now: number): boolean {
    const passedAt = this.#passedAt.get(key)
    if (passedAt !== undefined && now - passedAt < this.#windowMs) return false
    for (const [old, at] of this.#passedAt) if (now - at >= this.#windowMs) this.#passedAt.delete(old)
    this.#passedAt.set(key, now)
    return true
  }
}
