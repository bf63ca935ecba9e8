/** One act of the user that may have asked a question. */
export interface Input {
  readonly at: number
  /** Whether it sends something by its nature: a submit, or Enter in a field. A click may mean anything. */
  readonly asks: boolean
}

/** Enter, the click that the browser makes of it, and the submit are one act. */
const SAME_ACT_MS = 50
/** A stray click, on a menu or on Copy, does not take the place of a question that is being answered. */
const QUESTION_HOLDS_MS = 60_000

/** The input that counts after `next`; the same object when `next` is part of it or matters less. */
export function newestInput(last: Input | undefined, next: Input): Input {
  if (last === undefined) return next
  if (next.at - last.at <= SAME_ACT_MS) return next.asks && !last.asks ? { at: last.at, asks: true } : last
  return last.asks && !next.asks && next.at - last.at < QUESTION_HOLDS_MS ? last : next
}
