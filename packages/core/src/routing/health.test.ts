import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leaseProbe } from './breaker.ts'
import {
  forgiven,
  newCandidateHealth,
  recordSample,
  shareOf,
  SOFT,
  type CandidateHealth,
  type Sample,
} from './health.ts'

const first = (late: boolean): Sample => ({
  kind: 'first-output',
  candidate: 'a',
  route: 'chat',
  origin: 'gateway',
  beaten: false,
  promptSize: 0,
  ms: 100,
  late,
  directives: 0,
})
const end = (result: 'success' | 'failure' | 'unusable', generation: number | null = 0): Sample => ({
  kind: 'end',
  candidate: 'a',
  result,
  generation,
})

/** One full window of first outputs, so many of them late. */
function window(health: CandidateHealth, late: number): CandidateHealth {
  let next = health
  for (let sample = 0; sample < SOFT.window; sample += 1) next = recordSample(next, first(sample < late), 0)
  return next
}
const windows = (health: CandidateHealth, lates: readonly number[]): CandidateHealth =>
  lates.reduce(window, health)

describe('the soft share', () => {
  it('starts whole', () => {
    expect(shareOf(newCandidateHealth())).toEqual({ share: 1, generation: 0 })
  })

  it('holds after one late window and shrinks by a fifth after two in a row', () => {
    expect(windows(newCandidateHealth(), [20]).soft).toBe(1)
    expect(windows(newCandidateHealth(), [20, 20]).soft).toBeCloseTo(0.8)
    expect(windows(newCandidateHealth(), [20, 20, 20]).soft).toBeCloseTo(0.64)
  })

  it('takes two late windows with a calm one between them for chance', () => {
    expect(windows(newCandidateHealth(), [20, 0, 20, 0, 20]).soft).toBe(1)
    expect(windows(newCandidateHealth(), [20, 1, 20, 2, 20]).soft).toBe(1)
  })

  it('takes more than a tenth for late, and a tenth itself for bearable', () => {
    expect(windows(newCandidateHealth(), [3, 3]).soft).toBeCloseTo(0.8)
    expect(windows(newCandidateHealth(), [2, 2, 2, 2]).soft).toBe(1)
  })

  it('holds between three and ten per cent, and grows by two points below', () => {
    const tired = windows(newCandidateHealth(), [20, 20, 20])
    expect(windows(tired, [1, 2, 1]).soft).toBe(tired.soft)
    expect(windows(tired, [0]).soft).toBeCloseTo(tired.soft + 0.02)
  })

  it('never falls below its floor, and finds its way back from there to the whole', () => {
    const worn = windows(
      newCandidateHealth(),
      Array.from({ length: 60 }, () => 20),
    )
    expect(worn.soft).toBe(SOFT.floor)
    const rested = windows(
      worn,
      Array.from({ length: 50 }, () => 0),
    )
    expect(rested.soft).toBe(1)
  })

  it('judges nothing before its window is full', () => {
    let health = windows(newCandidateHealth(), [20])
    for (let sample = 0; sample < SOFT.window - 1; sample += 1) health = recordSample(health, first(true), 0)
    expect(health.soft).toBe(1)
    expect(recordSample(health, first(true), 0).soft).toBeCloseTo(0.8)
  })
})

describe('the share of a candidate', () => {
  it('is nothing while the breaker is open, and the soft share times the ramp afterwards', () => {
    let health = windows(newCandidateHealth(), [20, 20])
    for (let failure = 0; failure < 5; failure += 1) health = recordSample(health, end('failure'), 0)
    expect(shareOf(health)).toEqual({ share: 0, generation: 1 })
    health = recordSample(health, end('success', 1), 2_000)
    expect(shareOf(health).share).toBeCloseTo(0.8 * 0.01)
  })

  it('is nothing at once when only the operator can mend it', () => {
    expect(shareOf(recordSample(newCandidateHealth(), end('unusable'), 0)).share).toBe(0)
  })

  it('is not taken away by a straggler that was unusable before it recovered', () => {
    let health = recordSample(newCandidateHealth(), end('unusable'), 0)
    health = recordSample(health, end('success', 1), 2_000)
    expect(shareOf(health).share).toBe(0.01)
    expect(recordSample(health, end('unusable', 0), 2_100)).toBe(health)
    expect(recordSample(health, end('unusable', 1), 2_100)).toBe(health)
    expect(shareOf(recordSample(health, end('unusable', 2), 2_100)).share).toBe(0)
  })

  it('is taken away on the word of an isolate that knew no generation yet, while it is whole alone', () => {
    let health = recordSample(newCandidateHealth(), end('unusable', null), 0)
    expect(shareOf(health)).toEqual({ share: 0, generation: 1 })
    expect(recordSample(health, end('unusable', null), 100)).toBe(health)
    expect(recordSample(health, end('success', null), 2_000)).toBe(health)
    health = recordSample(health, end('success', 1), 2_000)
    expect(recordSample(health, end('failure', null), 2_100)).toBe(health)
    expect(recordSample(health, end('unusable', null), 2_100)).toBe(health)
  })

  it('waits longer after every probe that finds it still unusable', () => {
    let health = recordSample(newCandidateHealth(), end('unusable'), 0)
    const waits: number[] = []
    for (let probe = 0; probe < 7; probe += 1) {
      const { breaker } = health
      if (breaker.kind !== 'open') throw new Error('it is open')
      const now = breaker.nextProbeAt
      health = recordSample(
        { ...health, breaker: leaseProbe(breaker, now).breaker },
        end('unusable', breaker.generation),
        now,
      )
      waits.push(health.breaker.kind === 'open' ? health.breaker.nextProbeAt - now : -1)
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  it('stays within 0 and 1 whatever is reported, and comes back when all is well', () => {
    const sample = fc.oneof(
      fc.boolean().map((late) => ({ late })),
      fc.record({
        result: fc.constantFrom('success', 'failure', 'unusable'),
        age: fc.constantFrom(0, 0, 0, 1),
        afterMs: fc.constantFrom(0, 100, 4_000),
      }),
    )
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 150, size: 'max' }), (samples) => {
        let health = newCandidateHealth()
        let now = 0
        for (const one of samples) {
          if ('late' in one) health = recordSample(health, first(one.late), now)
          else {
            now += one.afterMs
            health = recordSample(health, end(one.result, health.breaker.generation - one.age), now)
          }
          const { share } = shareOf(health)
          expect(share).toBeGreaterThanOrEqual(0)
          expect(share).toBeLessThanOrEqual(1)
        }
        for (let round = 0; round < 600 && shareOf(health).share < 1; round += 1) {
          now += 1_000
          const { breaker, leased } = leaseProbe(health.breaker, now)
          health = { ...health, breaker }
          if (leased) health = recordSample(health, end('success', breaker.generation), now)
          health = window(health, 0)
        }
        expect(shareOf(health).share).toBe(1)
      }),
      { numRuns: 100 },
    )
  })

  it('is given out with the generation under which attempts now begin', () => {
    let health = newCandidateHealth()
    for (let failure = 0; failure < 5; failure += 1) health = recordSample(health, end('failure'), 0)
    expect(shareOf(health).generation).toBe(health.breaker.generation)
  })
})

describe('a candidate whose traffic was given back', () => {
  it('is whole again where only slowness had taken its share, and no sooner trusted where it had failed', () => {
    let slow = newCandidateHealth()
    for (let round = 0; round < 10; round += 1) slow = window(slow, 20)
    expect(shareOf(slow).share).toBeLessThan(0.5)
    expect(shareOf(forgiven(slow)).share).toBe(1)
    let dead = slow
    for (let failure = 0; failure < 5; failure += 1) dead = recordSample(dead, end('failure'), 0)
    expect(shareOf(forgiven(dead)).share).toBe(0)
  })
})
