import * as fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import {
  emptySummary,
  mergeSummaries,
  quantileMs,
  summaryOf,
  summarySchema,
  type Summary,
} from './summary.ts'

interface Time {
  readonly ms: number
  readonly late: boolean
}

const times = fc.array(
  fc.record({ ms: fc.double({ min: 0, max: 200_000, noNaN: true }), late: fc.boolean() }),
  { maxLength: 40 },
)

const summed = (list: readonly Time[]): Summary =>
  list.reduce((sum, { ms, late }) => mergeSummaries(sum, summaryOf(ms, late)), emptySummary)

const totalOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0)

/** How many late ones in a row the list begins with. */
function runAtStart(list: readonly Time[]): number {
  const end = list.findIndex(({ late }) => !late)
  return end === -1 ? list.length : end
}

describe('a summary', () => {
  it('of many times says what the list of them says', () => {
    fc.assert(
      fc.property(times, (list) => {
        const { count, late, prefix, suffix, longest, histogram } = summed(list)
        expect(count).toBe(list.length)
        expect(late).toBe(list.filter((one) => one.late).length)
        expect(prefix).toBe(runAtStart(list))
        expect(suffix).toBe(runAtStart(list.toReversed()))
        expect(longest).toBe(Math.max(0, ...list.map((_, from) => runAtStart(list.slice(from)))))
        expect(totalOf(histogram)).toBe(list.length)
      }),
    )
  })

  it('merges the same however the merges are grouped', () => {
    fc.assert(
      fc.property(times, times, times, (a, b, c) => {
        const [first, second, third] = [summed(a), summed(b), summed(c)]
        const left = mergeSummaries(mergeSummaries(first, second), third)
        expect(mergeSummaries(first, mergeSummaries(second, third))).toEqual(left)
        expect(left).toEqual(summed([...a, ...b, ...c]))
      }),
    )
  })

  it('is not changed by an empty one on either side', () => {
    fc.assert(
      fc.property(times, (list) => {
        const summary = summed(list)
        expect(mergeSummaries(emptySummary, summary)).toEqual(summary)
        expect(mergeSummaries(summary, emptySummary)).toEqual(summary)
      }),
    )
  })

  it('passes its own schema over the wire, at any time and beyond the last bucket', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e12, noNaN: true }), fc.boolean(), (ms, late) => {
        const summary = summaryOf(ms, late)
        expect(v.parse(summarySchema, JSON.parse(JSON.stringify(summary)))).toEqual(summary)
      }),
    )
  })
})

describe('a quantile', () => {
  it('is an upper bound, and at most 19 % too high', () => {
    const measured = fc.array(fc.double({ min: 10, max: 80_000, noNaN: true }), {
      minLength: 1,
      maxLength: 60,
    })
    fc.assert(
      fc.property(measured, fc.constantFrom(0.05, 0.5, 0.9, 0.95, 0.99, 1), (list, share) => {
        const sorted = list.toSorted((a, b) => a - b)
        const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0
        const read = quantileMs(summed(list.map((ms) => ({ ms, late: false }))), share) ?? 0
        expect(read).toBeGreaterThanOrEqual(exact)
        expect(read).toBeLessThanOrEqual(exact * 2 ** (1 / 4) * (1 + 1e-9))
      }),
    )
  })

  it('of nothing is unknown, and beyond the last bucket has no bound', () => {
    expect(quantileMs(emptySummary, 0.95)).toBe(null)
    expect(quantileMs(summaryOf(100_000, true), 0.95)).toBe(Infinity)
    expect(quantileMs(summaryOf(1, false), 0.95)).toBeCloseTo(11.9, 1)
  })
})
