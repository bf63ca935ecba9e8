import type { Briefing } from './oversee/briefing.ts'

/** What the response wants done in the world: plain data, carried out by one interpreter, each id once. */
export type Effect =
  /** Tell every reader of the directives what they say now. */
  | { readonly kind: 'publish'; readonly id: string; readonly version: number }
  /** Tell people. */
  | { readonly kind: 'notify'; readonly id: string; readonly message: Message }

/** A word to people who are on call. */
export interface Message {
  readonly type: 'incident.opened' | 'incident.needs-person' | 'incident.taken-over' | 'incident.closed'
  readonly incident: string
  readonly briefing: Briefing
}
