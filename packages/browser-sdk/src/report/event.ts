import type { EventOf, PacelineEvent } from '@paceline/core'

/** What browsers tell. */
export type BrowserEventType =
  | 'ai.turn.shown'
  | 'ai.turn.lost'
  | 'notice.shown'
  | 'notice.dismissed'
  | 'reporting.blocked'
  | 'directive.refused'

export type BrowserEvent = Extract<PacelineEvent, { type: BrowserEventType }>
export type DataOf<T extends BrowserEventType> = EventOf<T>['data']

/** An event that is kept but still waits for its proof. */
export interface Held {
  /** Tells it as it is described by then. */
  release(): void
  /** Takes it back, as long as it has not been released. */
  withdraw(): void
}

/** Keeps events. Ready at once unless it is to be held. */
export interface Recorder {
  record<T extends BrowserEventType>(type: T, data: DataOf<T>): void
  hold<T extends BrowserEventType>(type: T, describe: () => DataOf<T>): Held
}

/** Stands in where nothing is kept. */
export const INERT_RECORDER: Recorder = {
  record: () => undefined,
  hold: () => ({ release: () => undefined, withdraw: () => undefined }),
}
