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
  const end = tenths(Math.max(0, shownAt - inputAt))
  let latest = 0
  const place = (at: number | undefined): number | undefined =>
    at === undefined ? undefined : (latest = Math.min(end, Math.max(latest, tenths(at - inputAt))))
  const request = place(requestAt)
  const headers = place(headersAt)
  const delta = place(deltaAt)
  const dom = place(domAt) ?? 0
  return {
    ttfvtMs: end,
    parts: {
      inputToRequestMs: between(0, request),
      requestToHeadersMs: between(request, headers),
      headersToDeltaMs: between(headers, delta),
      deltaToDomMs: between(delta, dom),
      domToPixelMs: tenths(end - dom),
    },
  }
}

const between = (from: number | undefined, to: number | undefined): number | null =>
  from === undefined || to === undefined ? null : tenths(to - from)

/** Finer than any browser's clock, and short on the wire. */
const tenths = (ms: number): number => Math.round(ms * 10) / 10
