import type { Failure } from '@paceline/core'
import type { FinishReason, Usage } from './conversation.ts'

/** One meaning within a streamed answer, in the words of no wire format. */
export type Part =
  | { readonly kind: 'start'; readonly id: string; readonly model: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reasoning'; readonly text: string }
  | { readonly kind: 'tool-call'; readonly index: number; readonly id: string; readonly name: string }
  | { readonly kind: 'tool-input'; readonly index: number; readonly json: string }
  /** Output that only its own wire format can express, such as audio. */
  | { readonly kind: 'other' }
  | { readonly kind: 'usage'; readonly usage: Usage }
  /** The finish marker. An answer without it is truncated, however cleanly its connection closed. */
  | { readonly kind: 'finish'; readonly reason: FinishReason }
  | { readonly kind: 'error'; readonly failure: Failure }
  /** All that came before is void, and the whole answer comes anew. Only for callers that have said they can take it. */
  | { readonly kind: 'restart' }
  /** The format's own end of stream, such as `[DONE]`. */
  | { readonly kind: 'done' }

/** One server-sent event: its parts, and its own spelling where that can pass as it is. */
export interface StreamEvent {
  readonly parts: readonly Part[]
  /** Null where it came in another format than the caller's, from a store, or out of the gateway itself. */
  readonly raw: RawEvent | null
}

export interface RawEvent {
  /** The `event:` field, or '' where there was none. */
  readonly event: string
  readonly data: string
}

export type Batch = readonly StreamEvent[]

/** Streamed events in batches, one batch for each read of the network: one await for each, however many events it holds. */
export interface PartStream extends AsyncIterable<Batch> {
  next(): Promise<IteratorResult<Batch, void>>
  /** Closes it: whoever provides it is let go. */
  return(value?: undefined): Promise<IteratorResult<Batch, void>>
}

/** One that is made by a generator. */
export type PartGenerator = AsyncGenerator<Batch, void, undefined>

/** The commit belongs to the first part that says something; roles, pings and token counts say nothing. */
export function isOutput(part: Part): boolean {
  switch (part.kind) {
    case 'text':
    case 'reasoning':
      return part.text !== ''
    case 'tool-call':
    case 'tool-input':
    case 'other':
      return true
    case 'start':
    case 'usage':
    case 'finish':
    case 'error':
    case 'restart':
    case 'done':
      return false
  }
}
