import { describe, expect, it } from 'vitest'
import { Limiter } from './limiter.ts'
import { fullBucket, take } from './token-bucket.ts'

const RATE = { perSecond: 20, burst: 300 }
const NOW = 1_000_000

describe('a token bucket', () => {
  it('gives a burst at once and then what a second brings', () => {
    const burst = take(fullBucket(RATE, NOW), RATE, 300, NOW)
    expect(burst.waitMs).toBe(0)
    expect(take(burst.bucket, RATE, 1, NOW).waitMs).toBe(50)
    expect(take(burst.bucket, RATE, 20, NOW + 1_000).waitMs).toBe(0)
    expect(take(burst.bucket, RATE, 21, NOW + 1_000).waitMs).toBe(50)
  })

  it('takes nothing where it has too little', () => {
    const { bucket } = take(fullBucket(RATE, NOW), RATE, 290, NOW)
    const refused = take(bucket, RATE, 20, NOW)
    expect(refused).toEqual({ bucket: { tokens: 10, at: NOW }, waitMs: 500 })
  })

  it('lets more than a burst through when it is full, and has it paid back', () => {
    const large = take(fullBucket(RATE, NOW), RATE, 1_000, NOW)
    expect(large.waitMs).toBe(0)
    expect(take(large.bucket, RATE, 1, NOW).waitMs).toBe(35_050)
    expect(take(large.bucket, RATE, 1_000, NOW).waitMs).toBe(50_000)
  })

  it('holds no more than a burst, and is not confused by a clock that goes back', () => {
    const full = fullBucket(RATE, NOW)
    expect(take(full, RATE, 300, NOW + 86_400_000).bucket.tokens).toBe(0)
    expect(take(full, RATE, 0, NOW - 5_000).bucket.tokens).toBe(300)
  })
})

describe('a limiter', () => {
  it('takes from all or from none', () => {
    const limiter = new Limiter(RATE)
    expect(limiter.take(new Map([['a', 300]]), NOW)).toBe(0)
    const both = new Map([
      ['a', 20],
      ['b', 300],
    ])
    expect(limiter.take(both, NOW)).toBe(1_000)
    expect(limiter.take(new Map([['b', 300]]), NOW)).toBe(0)
  })

  it('keeps to its rate for a name while others come and go', () => {
    const limiter = new Limiter(RATE)
    limiter.take(new Map([['a', 1_000]]), NOW)
    for (let index = 0; index < 11_000; index += 1)
      limiter.take(new Map([[`other-${index}`, 1]]), NOW + 10_000)
    // Not full yet, but longest unused: under a flood of names that is what goes.
    expect(limiter.take(new Map([['a', 1]]), NOW + 10_000)).toBe(0)
    expect(limiter.take(new Map([['other-10999', 300]]), NOW + 10_000)).toBe(50)
  })
})
