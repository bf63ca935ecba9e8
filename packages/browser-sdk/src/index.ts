import type { PacelineOptions } from './options.ts'
import { startPaceline as start, type Paceline } from './start-paceline.ts'

export { watchAnswer } from './measure/watch-answer.ts'
export type { Shown } from './measure/turn.ts'
export type { AnswerHead, Turn, TurnOptions } from './measure/turn-options.ts'
export type { Message, NoticeLink, NoticeOptions, NoticeWords } from './notice/notice-options.ts'
export type { PacelineOptions, Timing } from './options.ts'
export type { BrowserEvent } from './report/event.ts'
export type { Consent } from './report/permission.ts'
export type { Paceline } from './start-paceline.ts'

/**
 * Starts the SDK, once for each page: a second start returns the instance that runs. Outside of a browser, as when a
 * page is rendered on a server, it gives one that does nothing. The notice is a file of its own, loaded when there is
 * something to say.
 */
export const startPaceline = (options: PacelineOptions): Paceline =>
  start(options, () => import('./notice/notice-board.ts'))
