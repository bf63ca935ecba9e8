import type { Mode } from '@paceline/core'
import type { Permit } from './admission/admission.ts'
import type { Refusal } from './admission/refusal.ts'
import type { RequestHandle } from './request-handle.ts'

/** As much of a request as is needed to decide on it. */
export interface ArrivingRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** What its `paceline-criticality` header says. */
  readonly criticality?: string | undefined
}

export type Arrival<Feature extends string = string> =
  | { readonly kind: 'admitted'; readonly handle: RequestHandle<Feature>; readonly permit: Permit }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

export interface PinOptions {
  /** A pin always ends: after so many ms, a day at most. */
  readonly ttlMs: number
  /** For those who find the server pinned. */
  readonly reason: string
}

/** Where a server stands. Durations are in ms. */
export interface Status {
  readonly mode: {
    readonly effective: Mode
    /** What the server's own load asks for. */
    readonly local: Mode
    /** What the directives ask for. */
    readonly global: Mode
    readonly pin: { readonly mode: Mode; readonly reason: string; readonly leftMs: number } | null
    /** True while the server's own ladder stays up because it goes up and down too often. */
    readonly latched: boolean
  }
  readonly directives: {
    readonly epoch: number
    readonly version: number
    readonly source: 'none' | 'disk' | 'edge'
    /** Since they were received; null before the first. */
    readonly ageMs: number | null
    /** True when the edge has been silent for longer than they are good for: their leases are dropped, their base holds. */
    readonly stale: boolean
  }
  /** Null for a server without an edge. */
  readonly edge: { readonly connected: boolean; readonly problem: string | null } | null
  readonly admission: {
    /** How many requests are worked on at once, at most. */
    readonly limit: number
    readonly inFlight: number
    /** Offered load as a share of the limit, smoothed. */
    readonly pressure: number
  }
  readonly events: { readonly waiting: number; readonly lost: number }
}

/** One server's part in the line. */
export interface Paceline<Feature extends string = string> {
  /** For adapters: decides on a request. Whoever is admitted holds the permit until the response has ended. */
  arrive(request: ArrivingRequest): Arrival<Feature>
  /** A person's decision: wins over load and directives until it ends. */
  pin(mode: Mode, options: PinOptions): void
  unpin(): void
  status(): Status
  /** Calls back after every change of mode, directives or connection. What it returns ends that. */
  watch(listener: (status: Status) => void): () => void
  /** Settles when the directives on disk are read and the edge has been asked once, after 20 s at most; never rejects. */
  ready(): Promise<void>
  /** Ends connections and timers, and sends what waits to be reported, within 3 s. */
  close(): Promise<void>
}
