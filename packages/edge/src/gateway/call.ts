import type { Outcome, PromptSize } from '@paceline/core'
import type { Receipt, Receipts } from '../receipt/receipts.ts'
import type { CacheUse } from './cache/cache-use.ts'
import type { Candidate } from './candidate.ts'
import type { Route } from './setup.ts'
import type { ChatRequest } from './wire/conversation.ts'
import type { PartStream } from './wire/part.ts'
import type { Wire } from './wire/wire.ts'

/** One AI request on its way through the gateway. Instants are epoch milliseconds. */
export interface Call {
  readonly id: string
  readonly route: Route
  /** The format that the caller speaks. */
  readonly wire: Wire
  readonly request: ChatRequest
  readonly promptSize: PromptSize
  /** A user's, or a small question of our own. */
  readonly origin: 'gateway' | 'probe'
  /** Version of the directives that it was routed by. */
  readonly directives: number
  /** Headers of the caller that providers of the same format may see. */
  readonly passHeaders: Readonly<Record<string, string>>
  readonly startedAt: number
  /** How many attempts this call may make. */
  readonly maxAttempts: number
  /** No attempt outlives this instant. */
  readonly deadlineAt: number
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal
  /** One record for each attempt, in order; the attempts themselves fill them in. */
  readonly attempts: AttemptRecord[]
  /** How stored answers may be used; without it none is. */
  readonly cache?: CacheUse | null
  /** What receipts are made with; without it there are none. */
  readonly receipts?: Receipts | null
  /** The receipt of the last attempt, as soon as it is made. */
  receipt?: Promise<Receipt | null>
}

export interface AttemptRecord {
  readonly candidate: string
  readonly startedAt: number
  headersAt: number | null
  firstOutputAt: number | null
}

/** Who gave an answer, by the ids of the configuration, and how it came to be. */
export interface Source {
  provider: string
  model: string
  answer: 'complete' | 'continued' | 'cached' | 'stale'
  /** How long ago it was given, where it comes from a store. */
  ageMs?: number
}

export const sourceOf = ({ provider, id }: Candidate): Source => ({ provider, model: id, answer: 'complete' })

/** An answer at its commit: from here on only its stream can be governed. */
export type Answer = WholeBody | StreamBody

export interface WholeBody {
  readonly kind: 'whole'
  readonly source: Readonly<Source>
  /** The answer in the caller's format. */
  readonly text: string
}

export interface StreamBody {
  readonly kind: 'stream'
  /** As it is so far: what happens to the stream may still change it. */
  readonly source: Readonly<Source>
  /** Every event from the first on. Ends after its finish marker, or with an `error` part. Never throws. */
  readonly events: PartStream
  /** Ends the provider's side because the caller is gone. */
  readonly leave: () => void
}

/** A call up to its commit. Failures are values; only bugs throw. */
export type Service<Q, R> = (request: Q, call: Call) => Promise<Outcome<R>>
/** What stands around a service: the same shape outside and in. */
export type Layer<Q, R> = (inner: Service<Q, R>) => Service<Q, R>
/** After the commit only the stream can be governed. A retry can't be expressed here, and that is meant. */
export type StreamLayer = (events: PartStream) => PartStream
