import { CRITICALITIES, type Criticality } from '@paceline/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LEVELS, LEVELS_PER_CLASS, levelOf, nextCut } from './cut.ts'

/** So many arrivals of each class, spread evenly over its levels. */
const arrivals = (counts: Partial<Record<Criticality, number>>): number[] =>
  Array.from(
    { length: LEVELS },
    (_, level) =>
      (counts[CRITICALITIES[Math.floor(level / LEVELS_PER_CLASS)] ?? 'bulk'] ?? 0) / LEVELS_PER_CLASS,
  )

describe('levelOf', () => {
  it('puts every request of a class below every request of the next', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999_999, noNaN: true }), (lot) => {
        for (const [index, criticality] of CRITICALITIES.entries())
          expect(Math.floor(levelOf(criticality, lot) / LEVELS_PER_CLASS)).toBe(index)
      }),
    )
  })
})

describe('nextCut', () => {
  it('cuts nobody while the demand fits', () => {
    expect(nextCut(LEVELS, arrivals({ bulk: 1_000 }), 0.79)).toBe(LEVELS)
  })

  it('gives up bulk first, then background, then interactive', () => {
    const even = arrivals({ critical: 160, interactive: 160, background: 160, bulk: 160 })
    const cutAt = (offered: number): number => nextCut(LEVELS, even, offered)
    expect(cutAt(0.9)).toBeGreaterThan(levelOf('bulk', 0))
    expect(cutAt(0.9)).toBeLessThan(LEVELS)
    expect(cutAt(1.2)).toBeLessThanOrEqual(levelOf('bulk', 0))
    expect(cutAt(1.2)).toBeGreaterThan(levelOf('background', 0))
    expect(cutAt(4)).toBeLessThan(levelOf('background', 0))
  })

  it('never cuts critical requests', () => {
    expect(nextCut(LEVELS, arrivals({ critical: 1_000 }), 4)).toBe(LEVELS_PER_CLASS)
  })

  it('lets those who were turned away come back in parts', () => {
    const back = nextCut(LEVELS_PER_CLASS, arrivals({}), 0)
    expect(back).toBeGreaterThan(LEVELS_PER_CLASS)
    expect(back).toBeLessThan(LEVELS)
  })

  it('admits no more than what fits, whatever arrives', () => {
    const counts = fc.array(fc.nat(100), { minLength: LEVELS, maxLength: LEVELS })
    fc.assert(
      fc.property(counts, fc.double({ min: 0.81, max: 4, noNaN: true }), (counts, offered) => {
        const cut = nextCut(LEVELS, counts, offered)
        const sum = (levels: readonly number[]): number => levels.reduce((total, count) => total + count, 0)
        const admitted = sum(counts.slice(0, cut))
        const most = cut > LEVELS_PER_CLASS ? (sum(counts) * 0.8) / offered : sum(counts)
        expect(admitted).toBeLessThanOrEqual(most + 1e-6)
      }),
    )
  })
})
