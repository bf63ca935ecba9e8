import type { HealthView } from '../health/health-view.ts'
import type { HeldDirectives } from './directive-view.ts'

/** Where directives can be heard besides in the answers to reports. */
export interface Hearsay {
  /** The word of ProviderHealth, which is never behind. */
  readonly heldDirectives: () => Promise<HeldDirectives>
  /** Directives from a place that is always there and a little behind; null where it holds none. */
  readonly coldDirectives: () => Promise<HeldDirectives | null>
  readonly waitUntil: (work: Promise<unknown>) => void
}

/** What was heard this long ago is asked for anew: leases may have begun and ended since. */
const FRESH_MS = 5_000
/** However many requests come while nobody answers. */
const ASK_EVERY_MS = 1_000
/** No request waits longer than this to hear what is going on. */
const PATIENCE_MS = 50

/**
 * Keeps what an isolate knows of the directives from growing cold. Reports bring them along while there is traffic; a
 * fresh isolate, or one that had nothing to do, asks before it routes its next request. Those beside it go on without.
 */
export class Warmth {
  #askedAt = -Infinity

  async keep(
    health: HealthView,
    hearsay: Hearsay,
    sleep: (ms: number) => Promise<void>,
    now: () => number,
  ): Promise<void> {
    const at = now()
    if (at < health.heardAt + FRESH_MS || at < this.#askedAt + ASK_EVERY_MS) return
    this.#askedAt = at
    const { directives } = health
    // Without an answer the last word stands, and its leases end by this isolate's clock.
    const heard = hearsay.heldDirectives().then(
      (held) => health.hear(held, now()),
      () => undefined,
    )
    const cold = directives.isEmpty
      ? hearsay.coldDirectives().then(
          (stored) => stored !== null && directives.take(stored, now()),
          () => undefined,
        )
      : null
    // An answer that comes too late for this request serves the next.
    hearsay.waitUntil(Promise.all([heard, cold]))
    const told = heard.then(() => (directives.isEmpty ? cold : null))
    await Promise.race([told, sleep(PATIENCE_MS)])
  }
}
