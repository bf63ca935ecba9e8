import type { DataOf } from '../report/event.ts'

/** The instants of one turn, by `performance.now()`; those that nobody saw are left out. */
export interface Timeline {
  readonly inputAt: number
  readonly requestAt?: number | undefined
  readonly headersAt?: number | undefined
  readonly deltaAt?: number | undefined
  readonly domAt: number
  readonly shownAt: number
}

type Figures = Pick<DataOf<'ai.turn.shown'>, 'ttfvtMs' | 'parts'>

/**
 * The time to first visible token and the parts that it is made of. An instant that contradicts its neighbours is moved
 * between them, so that no part is negative and the known ones never sum up to more than the whole.
 */
export function figuresOf({ inputAt, requestAt, headersAt, deltaAt, domAt, shownAt }: Timeline): Figures {
  const ttfvtMs = tenths(Math.max(0, shownAt - inputAt))
  let latest = 0
  let from: number | null = 0
  const partUntil = (at: number | undefined): number | null => {
    const begin = from
    from = at === undefined ? null : (latest = Math.min(ttfvtMs, Math.max(latest, tenths(at - inputAt))))
    return begin === null || from === null ? null : tenths(from - begin)
  }
  return {
    ttfvtMs,
    parts: {
      inputToRequestMs: partUntil(requestAt),
      requestToHeadersMs: partUntil(headersAt),
      headersToDeltaMs: partUntil(deltaAt),
      deltaToDomMs: partUntil(domAt),
      domToPixelMs: partUntil(shownAt) ?? 0,
    },
  }
}

/** Finer than any browser's clock, and short on the wire. */
export const tenths = (ms: number): number => Math.round(ms * 10) / 10
