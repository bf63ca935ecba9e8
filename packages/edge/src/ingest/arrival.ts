import type { PacelineEvent, Verdict } from '@paceline/core'

/** An event on its way to its shard, with what its proof opened to. */
export interface Arrival {
  readonly event: PacelineEvent
  readonly proof: OpenedProof
}

export type OpenedProof =
  | { readonly kind: 'none' }
  | { readonly kind: 'forged' | 'stale' }
  | {
      readonly kind: 'valid'
      readonly call: string
      readonly route: string
      readonly candidate: string
      readonly directives: number
      /** What the candidate is held to, in ms. */
      readonly targetMs: number
    }

/** What a shard is handed: all that belongs to it of one request. */
export interface Batch {
  /** Number of the shard. */
  readonly shard: number
  readonly arrivals: readonly Arrival[]
}

/** What became of an event in its shard. */
export interface Kept {
  readonly verdict: 'accepted' | 'duplicate'
  readonly evidence: Verdict['evidence']
}

/** A verdict for each arrival, in order; or nothing was kept, since a source sends too much. */
export type IngestAnswer =
  | { readonly kind: 'kept'; readonly kept: readonly Kept[] }
  | { readonly kind: 'limited'; readonly retryAfterMs: number }
