import type { Criticality, Failure, Outcome, PromptSize } from '@paceline/core'
import type { Receipt, Receipts } from '../receipt/receipts.ts'
import type { CacheUse } from './cache/cache-use.ts'
import type { Candidate } from './candidate.ts'
import type { Route } from './setup.ts'
import type { ChatRequest } from './wire/conversation.ts'
import type { PartStream } from './wire/part.ts'
import type { CallerWire } from './wire/wire.ts'

/** One AI request on its way through the gateway. Instants are epoch milliseconds. */
export interface Call {
  readonly id: string
  readonly route: Route
  /** The format that the caller speaks. */
  readonly wire: CallerWire
  readonly request: ChatRequest
  readonly promptSize: PromptSize
  /** A user's, or a small question of our own. */
  readonly origin: 'gateway' | 'probe'
  /** How much is lost when it is turned away. */
  readonly criticality: Criticality
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
  /** Whether a second attempt may start beside a silent one. */
  readonly mayHedge: boolean
  /** Whether the caller can take a whole new answer in place of one that broke off. */
  readonly acceptsRestart: boolean
  /** Whether its first candidate is only tried, to see whether it is well again. */
  readonly trickle: boolean
  /** Ids of candidates that are no help against slowness. */
  readonly reserve: ReadonlySet<string>
  /** Sends what health has been told of this call so far. */
  readonly report: () => void
  /** How stored answers may be used; without it none is. */
  readonly cache?: CacheUse | null
  /** What receipts are made with; without it there are none. */
  readonly receipts?: Receipts | null
}

/**
 * Why an attempt was made: as the first of its call, after a failure elsewhere (`next`) or in the same place (`again`),
 * beside one that is silent (`hedge`) or slow of late (`trickle`), to take up an answer that broke off (`continue`), or
 * as a question of our own.
 */
export type AttemptReason = 'first' | 'next' | 'again' | 'hedge' | 'trickle' | 'continue' | 'probe'

export interface AttemptRecord {
  readonly candidate: string
  readonly reason: AttemptReason
  readonly startedAt: number
  headersAt: number | null
  firstOutputAt: number | null
  /** Why it failed; null while it runs and where it did not. */
  failure: Failure | null
  failedAt: number | null
}

/** One try at one candidate. */
export interface Attempt {
  readonly candidate: Candidate
  /** The caller's request, or what is left to ask of it. */
  readonly request: ChatRequest
  readonly record: AttemptRecord
  /** Ends it because another one spoke first. Does nothing before it has begun and after it is over. */
  giveUp: () => void
}

/** Enters an attempt into its call's account. */
export function beginAttempt(
  candidate: Candidate,
  call: Call,
  reason: AttemptReason,
  request: ChatRequest = call.request,
): Attempt {
  const record: AttemptRecord = {
    candidate: candidate.id,
    reason,
    startedAt: Date.now(),
    headersAt: null,
    firstOutputAt: null,
    failure: null,
    failedAt: null,
  }
  call.attempts.push(record)
  return { candidate, request, record, giveUp: () => undefined }
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
export type Answer = (WholeBody | StreamBody) & {
  /** What proves the attempt that gave it. */
  readonly receipt?: Promise<Receipt | null>
}

export interface WholeBody {
  readonly kind: 'whole'
  readonly source: Readonly<Source>
  /** The answer in the caller's format. */
  readonly text: string
  /** Whether it is words alone, which ended by themselves. */
  readonly isPlain: boolean
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
