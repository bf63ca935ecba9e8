import { describe, expect, it } from 'vitest'
import { figuresOf } from './timeline.ts'

const whole = {
  inputAt: 1_000,
  requestAt: 1_010.04,
  headersAt: 1_200,
  deltaAt: 1_250,
  domAt: 1_251.26,
  shownAt: 1_260.3,
}
const sum = (parts: object): number =>
  Object.values(parts).reduce<number>((total, part) => total + (typeof part === 'number' ? part : 0), 0)

describe('figuresOf', () => {
  it('gives parts that sum up to the whole', () => {
    const { ttfvtMs, parts } = figuresOf(whole)
    expect(ttfvtMs).toBe(260.3)
    expect(sum(parts)).toBeCloseTo(260.3, 6)
    expect(parts.inputToRequestMs).toBe(10)
  })

  it('leaves a part open whose one end nobody saw', () => {
    const { parts } = figuresOf({ ...whole, deltaAt: undefined })
    expect(parts).toMatchObject({
      requestToHeadersMs: 190,
      headersToDeltaMs: null,
      deltaToDomMs: null,
      domToPixelMs: 9,
    })
  })

  it('moves an instant that contradicts its neighbours, so that no part is negative', () => {
    const { parts, ttfvtMs } = figuresOf({ ...whole, requestAt: 900, headersAt: 5_000 })
    expect(Math.min(...Object.values(parts).map((part) => part ?? 0))).toBe(0)
    expect(sum(parts)).toBeCloseTo(ttfvtMs, 6)
  })
})
