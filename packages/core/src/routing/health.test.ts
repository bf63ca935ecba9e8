import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leaseProbe } from './breaker.ts'
import {
  forgiven,
  isTelling,
  leaseDueProbe,
  NEW_NORMAL_MS,
  newCandidateHealth,
  recordSample,
  shareOf,
  SOFT,
  type CandidateHealth,
  type CandidateShare,
  type Sample,
} from './health.ts'

/** What a share is like where nothing is known of the candidate's speed. */
const shareLike = (share: number, generation: number): CandidateShare => ({
  share,
  generation,
  healthyP95Ms: [null, null, null, null],
  brownOut: false,
})

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
    expect(shareOf(newCandidateHealth())).toEqual(shareLike(1, 0))
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
    expect(shareOf(health)).toEqual(shareLike(0, 1))
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
    expect(shareOf(health)).toEqual(shareLike(0, 1))
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

describe('a candidate that turns slow', () => {
  const START = 1_700_000_000_000
  type FirstOutput = Extract<Sample, { kind: 'first-output' }>
  const output = (ms: number, more: Partial<FirstOutput> = {}): FirstOutput => ({
    kind: 'first-output',
    candidate: 'a',
    route: 'chat',
    origin: 'gateway',
    beaten: false,
    promptSize: 0,
    ms,
    late: ms > 800,
    directives: 0,
    ...more,
  })
  /** One sample each 50 ms: twenty requests a second. */
  function told(health: CandidateHealth, count: number, sample: Sample, startAt: number): CandidateHealth {
    let next = health
    for (let index = 0; index < count; index += 1) next = recordSample(next, sample, startAt + index * 50)
    return next
  }
  const p95 = (health: CandidateHealth): number | null => shareOf(health).healthyP95Ms[0] ?? null
  const healthy = told(newCandidateHealth(), 400, output(60), START)
  const slowed = told(healthy, 10, output(600), START)

  it('is down to a trickle at the tenth slow first output, although none of them missed its target', () => {
    expect(shareOf(told(healthy, 9, output(600), START))).toMatchObject({ share: 1, brownOut: false })
    expect(shareOf(slowed)).toMatchObject({ share: 0.01, brownOut: true, generation: 0 })
  })

  it('is measured by what it was like before, however long it is slow', () => {
    const before = p95(healthy)
    expect(p95(slowed)).toBe(before)
    expect(p95(told(slowed, 5_000, output(600), START + 1_000))).toBe(before)
    expect(shareOf(told(slowed, 5_000, output(600), START + 1_000)).share).toBe(0.01)
  })

  it('is not learnt from while its breaker is open or grows back', () => {
    let dead = newCandidateHealth()
    for (let failure = 0; failure < 5; failure += 1) dead = recordSample(dead, end('failure'), START)
    expect(p95(told(dead, 400, output(60), START))).toBeNull()
    const ramping = recordSample(dead, end('success', dead.breaker.generation), START + 5_000)
    expect(p95(told(ramping, 400, output(60), START + 5_000))).toBeNull()
  })

  it('is not learnt from by our own small questions', () => {
    const probed = told(newCandidateHealth(), 100, output(60, { origin: 'probe' }), START)
    expect(p95(probed)).toBeNull()
  })

  it('is not called slow where nothing is known of it, nor for a fifth of a second', () => {
    expect(shareOf(told(newCandidateHealth(), 40, output(700), START)).brownOut).toBe(false)
    const tiny = told(newCandidateHealth(), 400, output(12), START)
    expect(shareOf(told(tiny, 40, output(200), START)).brownOut).toBe(false)
  })

  it('is judged by the size of the prompt', () => {
    const long = told(healthy, 400, output(600, { promptSize: 3 }), START)
    expect(shareOf(long).brownOut).toBe(false)
    expect(shareOf(told(long, 40, output(600, { promptSize: 3 }), START)).brownOut).toBe(false)
    expect(shareOf(told(long, 10, output(600, { promptSize: 0 }), START)).brownOut).toBe(true)
  })

  it('is slow where another one, started when it was overdue, spoke before it', () => {
    const overdue = output((p95(healthy) ?? 0) + 1, { beaten: true, late: true })
    expect(shareOf(told(healthy, 10, overdue, START)).brownOut).toBe(true)
  })

  it('says nothing where it lost a race before it was due', () => {
    const early = output(20, { beaten: true, late: true })
    expect(isTelling(healthy, early)).toBe(false)
    expect(told(healthy, 100, early, START)).toBe(healthy)
    expect(isTelling(newCandidateHealth(), early)).toBe(true)
  })

  it('comes back by small questions of our own where no request tells', () => {
    let health = slowed
    let at = START + 500
    for (; shareOf(health).brownOut; at += 250) {
      const lease = leaseDueProbe(health, at)
      health = lease.leased ? recordSample(lease.health, output(60, { origin: 'probe' }), at) : lease.health
    }
    expect(at - START).toBeGreaterThanOrEqual(15_000)
    expect(at - START).toBeLessThan(17_000)
    expect(shareOf(health).share).toBe(0.05)
  })

  it('comes back to the soft share that it had', () => {
    const back = told(slowed, 1_000, output(60), START + 1_000)
    expect(shareOf(back)).toMatchObject({ share: 1, brownOut: false })
  })

  it('is asked for a failure by the breaker, never by both', () => {
    let both = slowed
    for (let failure = 0; failure < 5; failure += 1) both = recordSample(both, end('failure'), START)
    const leases = Array.from({ length: 20 }, (_, second) => {
      const { health, leased } = leaseDueProbe(both, START + 10_000 + second)
      both = health
      return leased
    })
    expect(leases.filter(Boolean)).toHaveLength(1)
  })

  it('is forgiven when a response gives its traffic back', () => {
    expect(shareOf(forgiven(slowed))).toMatchObject({
      share: 1,
      brownOut: false,
      healthyP95Ms: shareOf(slowed).healthyP95Ms,
    })
  })

  it('is as it is after a day of it, and learns its new usual', () => {
    const stillSlow = recordSample(slowed, output(600), START + NEW_NORMAL_MS - 1)
    expect(shareOf(stillSlow).brownOut).toBe(true)
    const usual = told(stillSlow, 100, output(600), START + NEW_NORMAL_MS + 10_000)
    expect(shareOf(usual)).toMatchObject({ share: 1, brownOut: false })
    expect(p95(usual)).toBeGreaterThanOrEqual(600)
  })

  it('stays whole for a healthy tail: one in twenty overtaken when it was overdue', () => {
    let health = healthy
    const overtaken = output(180, { beaten: true, late: true })
    for (let sample = 0; sample < 20_000; sample += 1) {
      health = recordSample(health, sample % 20 === 7 ? overtaken : output(60), START + sample * 50)
      expect(shareOf(health)).toMatchObject({ share: 1, brownOut: false })
    }
  })
})

describe('what pages have seen of a candidate', () => {
  const page = (late: boolean): Sample => ({ kind: 'shown', candidate: 'a', late })
  function both(health: CandidateHealth, rounds: number, late: boolean): CandidateHealth {
    let next = health
    for (let round = 0; round < rounds; round += 1)
      next = recordSample(recordSample(next, first(false), 0), page(late), 0)
    return next
  }

  it('takes half of the share at most', () => {
    const usual = both(newCandidateHealth(), 20, false)
    expect(shareOf(both(usual, 1_000, true)).share).toBe(0.5)
  })

  it('takes nothing where the gateway saw nothing itself', () => {
    let health = newCandidateHealth()
    for (let sample = 0; sample < 1_000; sample += 1) health = recordSample(health, page(sample > 100), 0)
    expect(shareOf(health).share).toBe(1)
  })

  it('takes what it takes besides what the gateway has seen', () => {
    const slow = windows(both(newCandidateHealth(), 20, false), [20, 20, 20])
    const alone = shareOf(slow).share
    expect(shareOf({ ...slow, browser: { ...slow.browser, factor: 0.5 } }).share).toBeCloseTo(alone / 2)
  })
})
