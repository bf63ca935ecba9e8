import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  healthyP95sOf,
  learn,
  LEARNING,
  NO_LATENCY,
  p95For,
  unlearnt,
  type HealthyLatency,
  type LearnableOutput,
} from './healthy-latency.ts'
import type { PromptSize } from './prompt-size.ts'

const HOUR_MS = 3_600_000
const START = 1_700_000_000_000

const output = (ms: number, slow = false, promptSize: PromptSize = 0): LearnableOutput => ({
  promptSize,
  ms,
  slow,
})

function learnAll(
  from: HealthyLatency,
  outputs: readonly LearnableOutput[],
  at: (index: number) => number = () => START,
): HealthyLatency {
  return outputs.reduce((latency, one, index) => learn(latency, one, at(index)), from)
}
const times = (count: number, ms: number, slow = false): LearnableOutput[] =>
  Array.from({ length: count }, () => output(ms, slow))
const p95 = (latency: HealthyLatency): number | null => p95For(healthyP95sOf(latency), 0)
const learnt = (count: number, ms: number): HealthyLatency => learnAll(NO_LATENCY, times(count, ms))

describe('the healthy 95th percentile', () => {
  it('is not known before there are twenty, and then at most a fifth too high', () => {
    expect(p95(learnt(19, 300))).toBeNull()
    expect(p95(learnt(20, 300))).toBeGreaterThanOrEqual(300)
    expect(p95(learnt(20, 300))).toBeLessThanOrEqual(360)
  })

  it('has nineteen of twenty below it', () => {
    const ms = fc.integer({ min: 20, max: 3_000 })
    fc.assert(
      fc.property(fc.array(ms, { minLength: 40, maxLength: 400 }), (all) => {
        const learning = all.slice(0, all.length - (all.length % LEARNING.window))
        const latency = learnAll(
          NO_LATENCY,
          learning.slice(0, LEARNING.settledAfter).map((one) => output(one)),
        )
        const taught = learning.slice(0, LEARNING.settledAfter)
        const below = taught.filter((one) => one <= (p95(latency) ?? 0)).length
        expect(below / taught.length).toBeGreaterThanOrEqual(0.95)
      }),
      { numRuns: 50 },
    )
  })

  it('is kept apart by the size of prompts', () => {
    const outputs = [...times(20, 100), ...Array.from({ length: 20 }, () => output(900, false, 2))]
    const [small, medium, large, huge] = healthyP95sOf(learnAll(NO_LATENCY, outputs))
    expect(small).toBeLessThanOrEqual(120)
    expect(medium).toBeNull()
    expect(large).toBeGreaterThanOrEqual(900)
    expect(huge).toBeNull()
  })

  it('learns nothing of a moment in which more than a tenth are slow', () => {
    const well = learnt(60, 100)
    expect(learnAll(well, [...times(17, 1_000), ...times(3, 1_000, true)])).toEqual(well)
    expect(learnAll(well, [...times(18, 100), ...times(2, 1_000, true)])).not.toEqual(well)
  })

  it('forgets the beginning of a slowness when it shows', () => {
    const begun = learnAll(learnt(60, 100), times(19, 1_000))
    expect(learnAll(unlearnt(begun), times(20, 100))).toEqual(learnAll(learnt(60, 100), times(20, 100)))
  })

  it('rises by no more than a quarter in an hour once it is settled, whatever it is taught', () => {
    const ms = fc.integer({ min: 10, max: 60_000 })
    fc.assert(
      fc.property(
        fc.array(ms, { minLength: 100, maxLength: 400 }),
        fc.integer({ min: 1, max: 10_000 }),
        (all, gapMs) => {
          const before = learnt(LEARNING.settledAfter, 100)
          const settled = p95(before) ?? 0
          const after = learnAll(
            before,
            all.map((one) => output(one)),
            (index) => START + index * gapMs,
          )
          const hours = (all.length * gapMs) / HOUR_MS
          expect(p95(after)).toBeLessThanOrEqual(Math.ceil(settled * LEARNING.risePerHour ** hours))
        },
      ),
      { numRuns: 50 },
    )
  })

  it('stands where it was after an hour of answers ten times slower that nobody called slow', () => {
    const settled = learnt(2_000, 100)
    const after = learnAll(settled, times(3_600, 1_000), (index) => START + index * 1_000)
    expect(p95(after)).toBeLessThanOrEqual((p95(settled) ?? 0) * 1.26)
  })

  it('does not leap after a long silence', () => {
    const settled = learnt(2_000, 100)
    const after = learnAll(settled, times(20, 1_000), () => START + 1_000 * HOUR_MS)
    expect(p95(after)).toBeLessThanOrEqual((p95(settled) ?? 0) * 1.26)
  })

  it('follows a drift of days, up and down', () => {
    // From 100 to 300 ms within two days, one answer a minute; each of them is usual beside those of its hour.
    const minutes = 2 * 24 * 60
    const rising = Array.from({ length: minutes }, (_, minute) => output(100 + (200 * minute) / minutes))
    const at = (minute: number): number => START + minute * 60_000
    const risen = learnAll(learnt(1_000, 100), rising, at)
    expect(p95(risen)).toBeGreaterThan(260)
    expect(p95(risen)).toBeLessThanOrEqual(360)
    const fallen = learnAll(risen, rising.toReversed(), (minute) => at(minutes + minute))
    const rested = learnAll(fallen, times(minutes, 100), (minute) => at(2 * minutes + minute))
    expect(p95(rested)).toBeLessThanOrEqual(120)
  })

  it('is kept while so little comes that what was learnt fades', () => {
    const later = (index: number): number => START + index * 24 * HOUR_MS
    expect(p95(learnAll(learnt(40, 100), times(40, 100), later))).toBe(p95(learnt(40, 100)))
  })

  it('stays what it was where a clock goes back', () => {
    const back = learnAll(learnt(400, 100), times(40, 100), () => START - 10 * HOUR_MS)
    expect(p95(back)).toBe(p95(learnt(400, 100)))
  })

  it('takes no time beyond its histogram for a percentile', () => {
    expect(p95(learnt(40, 3_000_000))).toBeNull()
  })
})
