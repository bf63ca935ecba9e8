import type { Criticality, Mode, Variant } from '@paceline/core'
import type { Permit } from './admission/admission.ts'
import { runFeature, type VariantFailure, type Variants } from './degrade/run-feature.ts'
import { gatewayMsOf, MOST_RELAYED, serverTimingOf, type UpstreamHeaders } from './server-timing.ts'

/** What a request needs to know of the server that works on it. */
export interface FeatureDesk {
  readonly mode: Mode
  variantOf(feature: string): Variant
  onFailure(feature: string, failure: VariantFailure, afterMs: number): void
  now(): number
}

/** One admitted request, as its handler sees it: `req.paceline`, `c.var.paceline`. */
export class RequestHandle<Feature extends string = string> {
  /** How much is lost if this request is turned away. */
  readonly criticality: Criticality
  readonly #desk: FeatureDesk
  readonly #permit: Permit
  #relayed: string | null = null
  #gatewayMs = 0

  constructor(criticality: Criticality, desk: FeatureDesk, permit: Permit) {
    this.criticality = criticality
    this.#desk = desk
    this.#permit = permit
  }

  /** How far the server has stepped back just now. */
  get mode(): Mode {
    return this.#desk.mode
  }

  /** Which variant of a feature the next call would begin with: for answers that say what they are. */
  variantOf(feature: Feature): Variant {
    return this.#desk.variantOf(feature)
  }

  /**
   * Runs a feature as far as the server can afford it now. A variant that throws is reported, and the one below it runs.
   *
   * @returns what the variant gave; `undefined` where the feature is off and has no `off`
   * @throws what the last variant threw
   */
  async feature<F, R = never, O = undefined>(
    feature: Feature,
    variants: Variants<F, R, O>,
  ): Promise<F | R | O> {
    const startedAt = this.#desk.now()
    const result = await runFeature(this.#desk.variantOf(feature), variants, (failure) => {
      // A reader who leaves takes the work down with it. That is no fault of the feature's.
      if (this.#permit.isOver) return false
      this.#desk.onFailure(feature, failure, this.#desk.now() - startedAt)
      return true
    })
    // Without `off` nothing can be inferred for O, which then is `undefined`.
    return result as F | R | O
  }

  /** Hands the gateway's `Server-Timing` on to the browser, beside the app's own, and no other header. */
  relay(upstream: UpstreamHeaders): void {
    const timing = serverTimingOf(upstream)
    if (timing === null) return
    this.#gatewayMs += gatewayMsOf(timing)
    const all = this.#relayed === null ? timing : `${this.#relayed}, ${timing}`
    if (all.length <= MOST_RELAYED) this.#relayed = all
  }

  /** How long this request has waited for the gateway, as far as it was relayed, in ms. */
  get gatewayMs(): number {
    return this.#gatewayMs
  }

  /** What adapters add to the response's `Server-Timing`; null for nothing. */
  get relayed(): string | null {
    return this.#relayed
  }
}
