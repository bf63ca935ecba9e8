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
export interface Held<T extends BrowserEventType> {
  /** Replaces its data, as long as it has not been released. */
  amend(data: DataOf<T>): void
  release(): void
  /** Takes it back, as long as it has not been released. */
  withdraw(): void
}

/** Keeps an event. Ready at once unless it is to be held. */
export interface Recorder {
  record<T extends BrowserEventType>(type: T, data: DataOf<T>): void
  hold<T extends BrowserEventType>(type: T, data: DataOf<T>): Held<T>
}
