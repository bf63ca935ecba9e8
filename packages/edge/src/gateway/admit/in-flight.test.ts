import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InFlight } from './in-flight.ts'

describe('requests in flight', () => {
  it('count until they are over, or their time is', () => {
    const inFlight = new InFlight()
    const leave = inFlight.enter(1_000)
    inFlight.enter(2_000)
    expect(inFlight.count(0)).toBe(2)
    leave()
    leave()
    expect(inFlight.count(0)).toBe(1)
    expect(inFlight.count(1_999)).toBe(1)
    expect(inFlight.count(2_000)).toBe(0)
  })

  it('are as many as have entered and neither left nor expired, whoever forgets to leave', () => {
    const request = fc.record({ afterMs: fc.nat(500), leavesAfterMs: fc.option(fc.nat(3_000)) })
    fc.assert(
      fc.property(fc.array(request, { maxLength: 100 }), (requests) => {
        const inFlight = new InFlight()
        const lives: { until: number; leaveAt: number; leave: () => void }[] = []
        let now = 0
        for (const { afterMs, leavesAfterMs } of requests) {
          now += afterMs
          const until = now + 1_000
          const leaveAt = leavesAfterMs === null ? Infinity : now + leavesAfterMs
          lives.push({ until, leaveAt, leave: inFlight.enter(until) })
          for (const life of lives) if (life.leaveAt <= now) life.leave()
          expect(inFlight.count(now)).toBe(
            lives.filter((life) => life.until > now && life.leaveAt > now).length,
          )
        }
      }),
    )
  })
})
