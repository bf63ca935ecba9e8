import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adjustLimit, GRADIENT, initialLimit, type ConcurrencyLimit } from './concurrency-limit.ts'

const bounds = { initial: 100, min: 20, max: 1_000 }

function after(
  windows: number,
  meanMs: number,
  peakInFlight: number,
  from: ConcurrencyLimit,
): ConcurrencyLimit {
  let limit = from
  for (let window = 0; window < windows; window += 1)
    limit = adjustLimit(limit, { meanMs, peakInFlight }, bounds)
  return limit
}

describe('adjustLimit', () => {
  it('grows by a part of the queue while times are steady and the server is used', () => {
    const once = after(1, 50, 100, initialLimit(bounds))
    expect(once.limit).toBeCloseTo(bounds.initial + GRADIENT.smoothing * GRADIENT.queue)
  })

  it('does not grow while less than half of it is used', () => {
    expect(after(1_000, 50, 49, initialLimit(bounds)).limit).toBe(bounds.initial)
  })

  it('shrinks when times rise above the long run, by a tenth a window at most', () => {
    const steady = after(50, 50, 100, initialLimit(bounds))
    const slow = adjustLimit(steady, { meanMs: 500, peakInFlight: 200 }, bounds)
    expect(slow.limit).toBeLessThan(steady.limit)
    const most = GRADIENT.smoothing * (1 - GRADIENT.lowest)
    expect(slow.limit).toBeGreaterThanOrEqual(steady.limit * (1 - most))
  })

  it('does not take the queue of a lasting overload for normal', () => {
    const steady = after(50, 50, 20, initialLimit(bounds))
    let limit = steady
    // A server that can do 100 at a time: what is let in beyond that only waits.
    for (let window = 0; window < 1_000; window += 1)
      limit = adjustLimit(
        limit,
        { meanMs: 50 * Math.max(1, limit.limit / 100), peakInFlight: limit.limit },
        bounds,
      )
    expect(limit.limit).toBeLessThan(250)
  })

  it('takes a rise by less than half for chance', () => {
    const steady = after(50, 50, 100, initialLimit(bounds))
    expect(adjustLimit(steady, { meanMs: 74, peakInFlight: 200 }, bounds).limit).toBeGreaterThan(steady.limit)
  })

  it('forgets a long slowness faster than it learnt it', () => {
    const slow = after(200, 1_000, 10, initialLimit(bounds))
    expect(after(20, 50, 10, slow).longMs).toBeLessThan(slow.longMs / 2)
  })

  it('stays within its bounds and a number, whatever is measured', () => {
    const window = fc.record({
      meanMs: fc.double({ min: 0.001, max: 1e6, noNaN: true }),
      peakInFlight: fc.nat(5_000),
    })
    fc.assert(
      fc.property(fc.array(window, { maxLength: 300 }), (windows) => {
        let limit = initialLimit(bounds)
        for (const next of windows) {
          limit = adjustLimit(limit, next, bounds)
          expect(limit.limit).toBeGreaterThanOrEqual(bounds.min)
          expect(limit.limit).toBeLessThanOrEqual(bounds.max)
        }
      }),
    )
  })
})
