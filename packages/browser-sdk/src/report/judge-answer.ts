import type { EventsAnswer } from '@paceline/core'

/** What one request with events came to. */
export interface Judgement {
  /** The keys of those that were judged: they are done with, for good. All others are kept. */
  readonly done: readonly string[]
  /** It was too much at once, or one of them can't be read: try fewer. */
  readonly isTooMuch: boolean
  /** Not before this many ms. */
  readonly waitMs: number
}

/**
 * Goes by the verdict on each single event. Whatever is not understood keeps the events: an older edge, a wrong key or
 * a proxy's own page must not lose any.
 *
 * @param keys of what was sent; each ends in its event's id
 */
export function judgeAnswer(
  status: number,
  retryAfter: string | null,
  body: Partial<EventsAnswer> | null,
  keys: readonly string[],
): Judgement {
  const verdicts = status === 200 ? body?.verdicts : undefined
  return {
    // An id that the edge could not read is null.
    done: keys.filter((key, index) => {
      const judged = verdicts?.[index]
      return key.endsWith(judged?.id ?? '') && /^(accepted|duplicate|refused)$/.test(judged?.verdict ?? '')
    }),
    isTooMuch: status === 400 || status === 413,
    // Seconds; a date counts as a minute, since clocks differ. Never longer than an hour.
    waitMs: retryAfter === null ? 0 : Math.min(3_600, Number(retryAfter)) * 1_000 || 60_000,
  }
}
