import type { Answer } from '../answer/answer.ts'
import type { Prompt } from '../answer/prompt.ts'
import type { Headers } from '../http/exchange.ts'
import type { HttpRequest } from '../http/http-request.ts'

export type WireId = 'openai' | 'anthropic' | 'gemini'

/** Every reason for which a provider says no. */
export type RefusalKind =
  | 'rate-limit'
  | 'server-error'
  | 'unavailable'
  | 'overloaded'
  | 'auth'
  | 'context-length'
  | 'content-policy'
  | 'prefill-refused'
  | 'unknown-model'
  | 'invalid-request'

export interface Refusal {
  readonly kind: RefusalKind
  /** Replaces the wire's usual words. */
  readonly message?: string
  readonly retryAfterS?: number
}

/** Which part of a stream an event is; faults and the attempt log go by it. */
export type Part = 'role' | 'token' | 'finish' | 'usage' | 'terminator' | 'error'

/** One server-sent event. */
export interface WireEvent {
  readonly part: Part
  /** The `event:` field; null when the wire has none. */
  readonly event: string | null
  readonly data: string
}

/** A call that was recognised by its path. What the path does not say is null. */
export interface Call {
  readonly model: string | null
  readonly stream: boolean | null
}

/** What belongs to one response. */
export interface ResponseContext {
  /** Random and unique for the attempt; ids in bodies and headers grow from it. */
  readonly id: string
  /** The model's name without its fault suffix. */
  readonly model: string
  readonly createdAtS: number
  readonly includeUsage: boolean
}

export type PromptResult =
  | { readonly ok: true; readonly prompt: Prompt }
  | { readonly ok: false; readonly message: string }

/** One provider's wire format. Pure: bytes and time belong to others. */
export interface Wire {
  readonly id: WireId
  /** Null when the path is not a model call of this wire. */
  recognise(path: string): Call | null
  readPrompt(body: unknown, call: Call, query: URLSearchParams): PromptResult
  keyOf(request: HttpRequest): string | null
  /** The whole stream: role, tokens, finish, usage, terminator, in the wire's order. */
  events(answer: Answer, context: ResponseContext): readonly WireEvent[]
  /** The body of an answer that is not streamed. */
  body(answer: Answer, context: ResponseContext): string
  headers(context: ResponseContext): Headers
  refusalBody(refusal: Refusal, context: ResponseContext): string
  refusalEvent(refusal: Refusal, context: ResponseContext): WireEvent
}

/** Statuses on which the wires agree. */
export const refusalStatuses: Readonly<Record<RefusalKind, number>> = {
  'rate-limit': 429,
  'server-error': 500,
  unavailable: 503,
  overloaded: 529,
  auth: 401,
  'context-length': 400,
  'content-policy': 400,
  'prefill-refused': 400,
  'unknown-model': 404,
  'invalid-request': 400,
}
