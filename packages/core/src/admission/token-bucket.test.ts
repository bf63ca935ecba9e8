import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fullBucket, takeTokens } from './token-bucket.ts'

const RATE = { perSecond: 20, burst: 300 }
const NOW = 1_000_000

describe('a token bucket', () => {
  it('gives a burst at once and then what a second brings', () => {
    const burst = takeTokens(fullBucket(RATE, NOW), RATE, 300, NOW)
    expect(burst.waitMs).toBe(0)
    expect(takeTokens(burst.bucket, RATE, 1, NOW).waitMs).toBe(50)
    expect(takeTokens(burst.bucket, RATE, 20, NOW + 1_000).waitMs).toBe(0)
    expect(takeTokens(burst.bucket, RATE, 21, NOW + 1_000).waitMs).toBe(50)
  })

  it('takes nothing where it has too little', () => {
    const { bucket } = takeTokens(fullBucket(RATE, NOW), RATE, 290, NOW)
    const refused = takeTokens(bucket, RATE, 20, NOW)
    expect(refused).toEqual({ bucket: { tokens: 10, at: NOW }, waitMs: 500 })
  })

  it('lets more than a burst through when it is full, and has it paid back', () => {
    const large = takeTokens(fullBucket(RATE, NOW), RATE, 1_000, NOW)
    expect(large.waitMs).toBe(0)
    expect(takeTokens(large.bucket, RATE, 1, NOW).waitMs).toBe(35_050)
    expect(takeTokens(large.bucket, RATE, 1_000, NOW).waitMs).toBe(50_000)
  })

  it('holds no more than a burst, and is not confused by a clock that goes back', () => {
    const full = fullBucket(RATE, NOW)
    expect(takeTokens(full, RATE, 300, NOW + 86_400_000).bucket.tokens).toBe(0)
    expect(takeTokens(full, RATE, 0, NOW - 5_000).bucket.tokens).toBe(300)
  })

  it('never lets more through than its rate brings in the time, and a burst', () => {
    const rate = fc.record({
      perSecond: fc.double({ min: 0.01, max: 1_000, noNaN: true }),
      burst: fc.integer({ min: 1, max: 500 }),
    })
    const steps = fc.array(fc.record({ afterMs: fc.nat(5_000), count: fc.integer({ min: 0, max: 20 }) }), {
      maxLength: 200,
    })
    fc.assert(
      fc.property(rate, steps, (rate, steps) => {
        let bucket = fullBucket(rate, NOW)
        let now = NOW
        let passed = 0
        for (const { afterMs, count } of steps) {
          now += afterMs
          const few = Math.min(count, rate.burst)
          const taken = takeTokens(bucket, rate, few, now)
          bucket = taken.bucket
          if (taken.waitMs === 0) passed += few
          expect(passed).toBeLessThanOrEqual((rate.perSecond * (now - NOW)) / 1_000 + rate.burst + 1e-6)
        }
      }),
    )
  })

  it('lets through what waited as long as it was told, and not what waited less', () => {
    const rates = fc.record({
      perSecond: fc.double({ min: 0.01, max: 100, noNaN: true }),
      burst: fc.integer({ min: 1, max: 50 }),
    })
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 50 }), (rate, more) => {
        const { bucket } = takeTokens(fullBucket(rate, NOW), rate, rate.burst, NOW)
        const count = Math.min(more, rate.burst)
        const { waitMs } = takeTokens(bucket, rate, count, NOW)
        // Told to the millisecond, which rounding may miss by one.
        fc.pre(waitMs > 2)
        expect(takeTokens(bucket, rate, count, NOW + waitMs - 2).waitMs).toBeGreaterThan(0)
        expect(takeTokens(bucket, rate, count, NOW + waitMs + 1).waitMs).toBe(0)
      }),
    )
  })
})
