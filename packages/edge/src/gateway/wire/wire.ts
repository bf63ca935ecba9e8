import type { Failure, Outcome, Phase, WireName } from '@paceline/core'
import type { Problem } from '../problem.ts'
import type { ChatRequest, Conversation, WholeAnswer } from './conversation.ts'
import type { Part, RawEvent, StreamEvent } from './part.ts'

/** What is wrong with a request, in a sentence, and the field that it is about. */
export interface BadRequest {
  readonly message: string
  readonly param: string | null
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly bad: BadRequest }

/** How an answer came to be. It closes every stream as the field `paceline`, and stands in the headers of unstreamed ones. */
export interface Account {
  readonly call: string
  /** Who answered, by the ids of the configuration. */
  readonly provider: string
  readonly model: string
  readonly attempts: number
  readonly answer: 'complete' | 'continued' | 'cached' | 'stale' | 'incomplete'
  /** How long ago it was given, where it comes from a store. */
  readonly ageMs?: number
}

/** What a request to a provider says; the address and the credentials belong to the provider, not to the format. */
export interface UpstreamModel {
  readonly model: string
  readonly maxOutputTokens: number
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens'
}

/** One chat wire format: the side that callers speak, and the side that providers speak. */
export interface Wire {
  readonly name: WireName

  // The caller's side.
  /** Headers of callers that belong to the format, and go to providers of the same one. */
  readonly callerHeaders: readonly string[]
  /**
   * Validates a body that callers sent.
   *
   * @param passed the caller headers that came with it
   */
  parseRequest(body: unknown, passed?: Readonly<Record<string, string>>): Parsed<ChatRequest>
  encodeAnswer(answer: WholeAnswer): unknown
  streamEncoder(request: ChatRequest): StreamEncoder
  encodeProblem(problem: Problem): unknown

  // The provider's side.
  readonly path: string
  /** What the format wants with each request, unless the caller or the configuration says otherwise. */
  readonly defaultHeaders: Readonly<Record<string, string>>
  credentials(key: string): Record<string, string>
  /** The body for a candidate of this same format. */
  forward(request: ChatRequest, model: UpstreamModel): unknown
  /** The body for a candidate of this format, from a request of another one. */
  encodeRequest(conversation: Conversation, model: UpstreamModel, stream: boolean): unknown
  /** @returns a failure when the body is an error, is broken, or lacks its finish marker */
  parseAnswer(body: unknown): Outcome<WholeAnswer>
  parseError(status: number, body: unknown, phase: Phase): Failure
  streamDecoder(choices: number): StreamDecoder
}

export interface StreamDecoder {
  /** @returns the parts of one event; a broken event is an `error` part */
  decode(event: RawEvent): readonly Part[]
}

/** Writes a stream in the caller's format. Every stream ends by exactly one of `complete` and `incomplete`. */
export interface StreamEncoder {
  encode(event: StreamEvent): string
  complete(account: Account): string
  incomplete(failure: Failure, account: Account): string
}
