import type { EventsAnswer } from '@paceline/core'
import type { Kept } from './take-batch.ts'

/** What to do after one request with events. */
export type NextStep =
  /** These were judged: each is done with, for good. */
  | { readonly kind: 'settled'; readonly done: readonly Kept[] }
  /** Too much, or one of them can't be read: try fewer. */
  | { readonly kind: 'split' }
  /** Keep everything and come back, not before this many ms. */
  | { readonly kind: 'wait'; readonly atLeastMs: number }

/**
 * Goes by the verdict on each single event. Whatever is not understood keeps the events: an older edge, a wrong key or
 * a proxy's own page must not lose any.
 */
export function judgeAnswer(
  status: number,
  retryAfter: string | null,
  body: unknown,
  sent: readonly Kept[],
): NextStep {
  if (status === 400 || status === 413) return { kind: 'split' }
  const { verdicts } = (status === 200 && body !== null ? body : {}) as Partial<EventsAnswer>
  const done = isList(verdicts) ? sent.filter((kept, index) => isJudged(kept, verdicts[index])) : []
  if (done.length > 0) return { kind: 'settled', done }
  return { kind: 'wait', atLeastMs: retryAfterMs(retryAfter) }
}

const isList = (value: EventsAnswer['verdicts'] | undefined): value is EventsAnswer['verdicts'] =>
  Array.isArray(value)

const isJudged = ({ event }: Kept, verdict: EventsAnswer['verdicts'][number] | undefined): boolean =>
  (verdict?.id === event.id && /^(accepted|duplicate|refused)$/.test(verdict.verdict)) ||
  // An id that the edge could not read.
  (verdict?.id === null && verdict.verdict === 'refused')

/** Seconds; a date is rounded up to a minute, since clocks differ. Never longer than an hour. */
function retryAfterMs(header: string | null): number {
  if (header === null) return 0
  const seconds = Number(header)
  return Number.isNaN(seconds) ? 60_000 : Math.min(3_600, Math.max(0, seconds)) * 1_000
}
