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

/** A chat wire format as callers speak it. */
export interface CallerWire {
  readonly name: 'openai' | 'anthropic'
  /** Headers of callers that belong to the format, and go to providers of the same one. */
  readonly callerHeaders: readonly string[]
  /**
   * Validates a body that callers sent.
   *
   * @param passed the caller headers that came with it
   */
  parseRequest(body: unknown, passed?: Readonly<Record<string, string>>): Parsed<ChatRequest>
  /** The body for a provider of this same format. */
  forward(request: ChatRequest, model: UpstreamModel): unknown
  encodeAnswer(answer: WholeAnswer): unknown
  streamEncoder(request: ChatRequest): StreamEncoder
  encodeProblem(problem: Problem): unknown
}

/** A chat wire format as providers speak it. */
export interface ProviderWire {
  readonly name: WireName
  /** What the format wants with each request, unless the caller or the configuration says otherwise. */
  readonly defaultHeaders: Readonly<Record<string, string>>
  /**
   * What a conversation asks for and this format has no words for, each in a few words of ours. A candidate is asked
   * only where there is none; nothing is dropped silently.
   */
  unsayable(conversation: Conversation, model: UpstreamModel, stream: boolean): readonly string[]
  /** The body for a candidate of this format, from a request of another one. Only meant for what can be said. */
  encodeRequest(conversation: Conversation, model: UpstreamModel, stream: boolean): unknown
  /**
   * @param limit output tokens that were asked for at most, for formats that don't tell when it cut an answer off
   * @returns a failure when the body is an error, is broken, or lacks its finish marker
   */
  parseAnswer(body: unknown, limit?: number | null): Outcome<WholeAnswer>
  parseError(status: number, body: unknown, phase: Phase): Failure
  streamDecoder(choices: number, limit?: number | null): StreamDecoder
}

/** A provider's format that goes over HTTP; addresses and keys belong to the provider, their spelling to the format. */
export interface HttpWire extends ProviderWire {
  /** What follows the base URL. */
  path(model: string, stream: boolean): string
  credentials(key: string): Record<string, string>
}

/** A format that both sides speak, so that it can pass untouched. */
export interface Wire extends CallerWire, HttpWire {
  readonly name: CallerWire['name']
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
