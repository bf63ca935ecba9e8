import type { DataOf } from '../report/event.ts'

export type TurnClass = DataOf<'ai.turn.shown'>['class']

/** What a turn went through on its way to the screen. */
export interface Circumstances {
  readonly inputAt: number
  /** No input was seen: the page joined an answer that was under way. */
  readonly joined: boolean
  /** The first text came while nobody could see it. */
  readonly readyWhileHidden: boolean
  /** When the page was last hidden, and when it last came back from the back/forward cache; -1 for never. */
  readonly lastHiddenAt: number
  readonly lastThawedAt: number
}

/** The class whose figures a turn belongs to. What distorts a figure most comes first. */
export function classOf(turn: Circumstances): TurnClass {
  if (turn.joined) return 'joined-mid-stream'
  if (turn.lastThawedAt >= turn.inputAt) return 'frozen'
  if (turn.readyWhileHidden) return 'ready-while-hidden'
  return turn.lastHiddenAt >= turn.inputAt ? 'was-hidden' : 'visible'
}
