import { describe, expect, it } from 'vitest'
import { Limiter } from './limiter.ts'

const RATE = { perSecond: 20, burst: 300 }
const NOW = 1_000_000

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
