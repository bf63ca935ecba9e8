import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptySummary, mergeSummaries, summaryOf, type Summary } from '../../summary.ts'
import { isProven, NO_DRIFT, recordDrift, type Drift } from './drift.ts'

const POLICY = { usualLate: 0.05, faultyLate: 0.5, proof: 15 }

const LATE = summaryOf(900, true)
const TIMELY = summaryOf(300, false)
const summed = (lates: readonly boolean[]): Summary =>
  lates.reduce((sum, late) => mergeSummaries(sum, late ? LATE : TIMELY), emptySummary)

/** Mulberry32: small, seeded, even enough to count by. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** How many requests the proof takes when this part of them is late; the limit where it doesn't come before. */
function requestsToProof(part: number, random: () => number, limit: number, from: Drift = NO_DRIFT): number {
  let drift = from
  for (let request = 1; request <= limit; request += 1) {
    drift = recordDrift(drift, random() < part ? LATE : TIMELY, POLICY)
    if (isProven(drift, POLICY)) return request
  }
  return limit
}

describe('the sequential test', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'takes one late in twenty for healthy over 300,000 requests (seed %i)',
    (seed) => {
      expect(requestsToProof(0.05, seeded(seed), 300_000)).toBe(300_000)
    },
  )

  it('is sure after seven late ones in a row', () => {
    expect(requestsToProof(1, () => 0, 100)).toBe(7)
  })

  it('is sure after some twenty requests of which half are late', () => {
    const counts = Array.from({ length: 500 }, (_, seed) => requestsToProof(0.5, seeded(seed), 1_000))
    const sorted = counts.toSorted((a, b) => a - b)
    expect(sorted[250]).toBeLessThanOrEqual(25)
    expect(sorted.at(-1)).toBeLessThanOrEqual(100)
  })

  it('comes back from certainty within as many timely ones as its lid allows', () => {
    let drift: Drift = recordDrift(NO_DRIFT, summed(Array.from({ length: 10_000 }, () => true)), POLICY)
    expect(isProven(drift, POLICY)).toBe(true)
    for (let request = 0; request < 12; request += 1) drift = recordDrift(drift, TIMELY, POLICY)
    expect(isProven(drift, POLICY)).toBe(false)
  })

  it('never proves by summaries what it would not prove one by one', () => {
    const parts = fc.array(fc.array(fc.boolean(), { maxLength: 15 }), { maxLength: 15 })
    fc.assert(
      fc.property(parts, (split) => {
        let [batched, single] = [NO_DRIFT, NO_DRIFT]
        let proven = false
        for (const part of split) {
          batched = recordDrift(batched, summed(part), POLICY)
          for (const late of part) {
            single = recordDrift(single, late ? LATE : TIMELY, POLICY)
            proven ||= isProven(single, POLICY)
          }
          expect(proven || !isProven(batched, POLICY)).toBe(true)
        }
      }),
    )
  })

  it('sees late ones in a row at the end of a summary, whatever stands before them', () => {
    const timely = Array.from({ length: 60 }, () => false)
    const late = Array.from({ length: 7 }, () => true)
    expect(isProven(recordDrift(NO_DRIFT, summed([...timely, ...late]), POLICY), POLICY)).toBe(true)
  })

  it.each([
    { usualLate: 0, faultyLate: 0.5, proof: 15 },
    { usualLate: 0.05, faultyLate: 1, proof: 15 },
  ])('stays a number at the ends of its range: $usualLate to $faultyLate', (policy) => {
    for (const lates of [[], [false], [true], [false, false, true], [true, false]]) {
      const { score } = recordDrift(NO_DRIFT, summed(lates), policy)
      expect(score).toBeGreaterThanOrEqual(0)
      expect(score).toBeLessThanOrEqual(1.5 * policy.proof)
    }
  })
})
