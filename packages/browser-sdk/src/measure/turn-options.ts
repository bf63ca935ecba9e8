import type { Shown } from './turn.ts'

/** As much of a response as is needed: its head. */
export interface AnswerHead {
  readonly headers: { get(name: string): string | null }
}

export interface TurnOptions {
  /** Where the answer will appear. */
  readonly region: Element
  /** The answer's response, where it is there already. Only its headers are read. */
  readonly response?: AnswerHead
  /** The route, where it is another than the page's. */
  readonly route?: string
  /** The user's input by `event.timeStamp` or `performance.now()`; left out: the newest one that was seen. */
  readonly startedAt?: number
}

/** One question of a page that tells more than its markup shows. Opened just before the request is sent. */
export interface Turn {
  /** What was measured, once the first token has been painted; null when there was none. */
  readonly shown: Promise<Shown | null>
  /** The response's headers are there. */
  answered(response: AnswerHead): void
  /** The first piece of the answer has been read. */
  delta(): void
  /** The connection broke before the answer's first token. */
  lost(): void
  /** The user stopped waiting. */
  abandon(): void
  /** It was no question of a user's: nothing is told of it. */
  forget(): void
  /** The answer is asked for anew: what the dead attempt showed counts for nothing. Goes on with the turn it returns. */
  retry(): Turn
}

const nothing = (): void => undefined

/** Stands in where nothing is measured. */
export const INERT_TURN: Turn = {
  shown: Promise.resolve(null),
  answered: nothing,
  delta: nothing,
  lost: nothing,
  abandon: nothing,
  forget: nothing,
  retry: () => INERT_TURN,
}
