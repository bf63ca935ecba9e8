import type { DirectiveView, HeldDirectives } from './directive-view.ts'

/** How old the word of this isolate may be when a browser asks. */
const FRESH_MS = 1_000
const PATIENCE_MS = 500

/**
 * Asks for newer directives at most once a second, so that any number of browsers costs one question an isolate and
 * second. Whoever asks meanwhile is served what is held.
 */
export class Refresh {
  #askedAt = -Infinity

  async run(view: DirectiveView, ask: () => Promise<HeldDirectives>, now: () => number): Promise<void> {
    if (now() < this.#askedAt + FRESH_MS) return
    this.#askedAt = now()
    const silence = new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE_MS))
    // Without an answer the last word stands, and its age tells how old it is.
    const held = await Promise.race([ask(), silence]).catch(() => null)
    if (held !== null) view.take(held, now())
  }
}
