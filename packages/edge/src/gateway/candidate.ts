import type { ModelConfig } from '@paceline/core'
import type { AiBinding } from './wire/workers-ai/ask-binding.ts'
import type { ProviderWire, UpstreamModel } from './wire/wire.ts'

/** One model at one provider, ready to be asked. */
export interface Candidate {
  /** Its id among the models of the configuration. */
  readonly id: string
  /** The id of its provider in the configuration. */
  readonly provider: string
  readonly wire: ProviderWire
  readonly endpoint: Endpoint
  /** Credentials and whatever else the provider wants with each request. Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly model: UpstreamModel
  readonly contextTokens: number
  readonly timers: PhaseTimes
  /** A first output later than this counts as late, in ms. */
  readonly ttfvtTargetMs: number
  readonly capabilities: ModelConfig['capabilities']
}

/** Where a provider's model is asked: at an address, which may differ for streams, or by a binding of the platform. */
export type Endpoint =
  | { readonly kind: 'http'; readonly url: (stream: boolean) => string }
  | { readonly kind: 'binding'; readonly binding: AiBinding }

/** How long each phase of an attempt may take, in ms. */
export interface PhaseTimes {
  readonly headersMs: number
  readonly firstOutputMs: number
  readonly gapMs: number
  readonly answerMs: number
}

/** Candidates in the order in which they should be asked; never empty. */
export type Candidates = readonly [Candidate, ...Candidate[]]
