import type { DataOf } from '../report/event.ts'
import type { Visibility } from './visibility.ts'

/** What a turn went through on its way to the screen. */
export interface Circumstances {
  readonly inputAt: number
  /** No input was seen: the page joined an answer that was under way. */
  readonly joined: boolean
}

/**
 * The class whose figures a turn belongs to. What distorts a figure most comes first.
 *
 * @param readyWhileHidden the first text came while nobody could see it
 */
export function classOf(
  { inputAt, joined }: Circumstances,
  readyWhileHidden: boolean,
  { hiddenAt, thawedAt }: Visibility,
): DataOf<'ai.turn.shown'>['class'] {
  if (joined) return 'joined-mid-stream'
  if (thawedAt >= inputAt) return 'frozen'
  if (readyWhileHidden) return 'ready-while-hidden'
  return hiddenAt >= inputAt ? 'was-hidden' : 'visible'
}
