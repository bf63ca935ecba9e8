import type { NoticeOptions } from './notice/notice-options.ts'
import type { BrowserEvent } from './report/event.ts'
import type { Consent } from './report/permission.ts'

/** Intervals in ms. What stands here suits production; tests go faster. */
export interface Timing {
  readonly flushMs: number
  readonly holdMs: number
  readonly backOffMs: number
  readonly pollMs: number
  readonly pollInIncidentMs: number
  readonly resolvedMs: number
}

export interface PacelineOptions {
  /** The edge's origin, such as `https://edge.example.com`. Left out: turns are measured and nothing leaves the page. */
  readonly edge?: string | undefined
  /** The app's publishable key. */
  readonly key?: string | undefined
  /** The route that this page's questions take, by the name that the configuration gives it. */
  readonly route?: string | undefined
  /** Where the user is and what they pay for, for notices that concern only some. Never reported. */
  readonly region?: string | undefined
  readonly tier?: string | undefined
  /** Nothing is reported or kept until it is true. */
  readonly consent?: Consent
  /** False for a page that shows the notices itself or not at all. */
  readonly notice?: boolean | NoticeOptions
  /** Hears every event as it becomes ready to be sent. */
  readonly onEvent?: (event: BrowserEvent) => void
  readonly timing?: Partial<Timing>
}

export const TIMING: Timing = {
  flushMs: 1_000,
  holdMs: 10_000,
  backOffMs: 1_000,
  pollMs: 60_000,
  pollInIncidentMs: 15_000,
  resolvedMs: 8_000,
}
