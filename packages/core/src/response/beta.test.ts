import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { betaQuantile } from './beta.ts'

const parameter = fc.double({ min: 0.5, max: 500, noNaN: true })
const chance = fc.double({ min: 0.001, max: 0.999, noNaN: true })

describe('the quantile of a beta distribution', () => {
  it.each([
    [13, 0.8],
    [28, 0.9],
    [58, 0.95],
  ])('needs %i clean successes to be 95 %% sure of %d', (successes, needed) => {
    expect(betaQuantile(successes + 1, 1, 0.05)).toBeGreaterThanOrEqual(needed)
    expect(betaQuantile(successes, 1, 0.05)).toBeLessThan(needed)
  })

  it('is the root of the chance where every outcome was a success', () => {
    for (const count of [1, 2, 21, 200]) {
      expect(betaQuantile(count, 1, 0.05)).toBeCloseTo(0.05 ** (1 / count), 10)
      expect(betaQuantile(1, count, 0.05)).toBeCloseTo(1 - 0.95 ** (1 / count), 10)
    }
  })

  it('agrees with tables', () => {
    expect(betaQuantile(2, 2, 0.05)).toBeCloseTo(0.13535, 5)
    expect(betaQuantile(2, 2, 0.95)).toBeCloseTo(0.86465, 5)
    expect(betaQuantile(5, 2, 0.05)).toBeCloseTo(0.418197, 5)
    expect(betaQuantile(0.5, 0.5, 0.25)).toBeCloseTo(Math.sin(Math.PI / 8) ** 2, 8)
  })

  it('mirrors success and failure', () => {
    fc.assert(
      fc.property(parameter, parameter, chance, (a, b, at) => {
        expect(betaQuantile(a, b, at)).toBeCloseTo(1 - betaQuantile(b, a, 1 - at), 8)
      }),
    )
  })

  it('is one half in the middle of an even distribution', () => {
    fc.assert(
      fc.property(parameter, (a) => {
        expect(betaQuantile(a, a, 0.5)).toBeCloseTo(0.5, 8)
      }),
    )
  })

  it('rises with successes and with the chance, and falls with failures', () => {
    fc.assert(
      fc.property(parameter, parameter, chance, (a, b, at) => {
        const here = betaQuantile(a, b, at)
        expect(betaQuantile(a + 1, b, at)).toBeGreaterThan(here)
        expect(betaQuantile(a, b + 1, at)).toBeLessThan(here)
        expect(betaQuantile(a, b, at + (1 - at) / 2)).toBeGreaterThan(here)
      }),
    )
  })
})
