import type { BodyFraming, Headers } from '../http/exchange.ts'
import type { Part } from '../wire/wire.ts'

/**
 * Everything that one attempt will do, decided before its first byte: steps in order, and how text becomes bytes.
 * A fault is a rewrite of a script; playing one knows nothing about faults.
 */
export interface Script {
  readonly steps: readonly Step[]
  /** Line end of server-sent events. */
  readonly lineEnd: '\n' | '\r\n' | '\r'
  readonly split: Split | null
  /** Set when the body is really compressed. */
  readonly compression: Compression | null
}

/** Cuts the body's bytes into writes: pieces of `pieceBytes`, and a boundary at byte `at` of the body. */
export interface Split {
  readonly pieceBytes: number | null
  readonly at: number | null
}

export type Compression = 'gzip' | 'deflate' | 'br'

export type Step = WaitStep | HeadStep | EventStep | TextStep | RepeatStep | EndingStep

/** Lets time pass. */
export interface WaitStep {
  readonly do: 'wait'
  readonly until: 'headers' | 'first-token' | 'token' | 'cut'
  readonly ms: number
}

export interface HeadStep {
  readonly do: 'head'
  readonly status: number
  readonly headers: Headers
  readonly framing: BodyFraming
}

/** Sends one server-sent event. */
export interface EventStep {
  readonly do: 'event'
  readonly part: Part
  readonly event: string | null
  readonly data: string
}

/** Sends text as it stands: a body that is not streamed, or a piece of an event. */
export interface TextStep {
  readonly do: 'text'
  readonly text: string
  /** How many of the answer's tokens are in it. */
  readonly tokens: number
}

/** Sends the same text again and again until the client leaves. */
export interface RepeatStep {
  readonly do: 'repeat'
  readonly text: string
  readonly everyMs: number
}

/**
 * How it ends: the body ends as HTTP wants it (`complete`, or `error` when it says that something went wrong, or
 * `cut` when the answer is not whole), the connection is closed (FIN) or reset (RST), or nothing ever follows.
 */
export interface EndingStep {
  readonly do: 'end'
  readonly how: 'complete' | 'error' | 'cut' | 'close' | 'reset' | 'stall'
}

/** Plain framing: what a healthy provider does. */
export function scriptOf(steps: readonly Step[]): Script {
  return { steps, lineEnd: '\n', split: null, compression: null }
}

/** True when the answer is one body with a length, not a stream of events. */
export function isWhole(script: Script): boolean {
  return script.steps.some((step) => step.do === 'text') && !script.steps.some((step) => step.do === 'event')
}
