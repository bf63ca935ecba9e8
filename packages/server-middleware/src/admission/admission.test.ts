import { CRITICALITIES, type Criticality } from '@paceline/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../clock.ts'
import { Admission, type Permit } from './admission.ts'

function clockAt(): Clock & { nowMs: number } {
  return {
    nowMs: 0,
    now() {
      return this.nowMs
    },
    epochNow: () => 0,
    random: () => 0.5,
    after: () => () => undefined,
  }
}

const fixed = { initial: 10, min: 10, max: 10 }

function fill(admission: Admission, criticality: Criticality, count: number): Permit[] {
  const permits = Array.from({ length: count }, () => admission.admit(criticality))
  return permits.filter((permit) => permit !== null)
}

describe('Admission', () => {
  it('keeps room for the more important of every two classes', () => {
    const admission = new Admission(fixed, clockAt())
    expect(fill(admission, 'bulk', 50)).toHaveLength(6)
    expect(fill(admission, 'background', 50)).toHaveLength(1)
    expect(fill(admission, 'interactive', 50)).toHaveLength(1)
    expect(fill(admission, 'critical', 50)).toHaveLength(2)
    expect(admission.takeShed()).toEqual({ bulk: 44, background: 49, interactive: 49, critical: 48 })
  })

  it('admits the first request of any class even where the limit is one', () => {
    for (const criticality of CRITICALITIES) {
      const admission = new Admission({ initial: 1, min: 1, max: 1 }, clockAt())
      expect(fill(admission, criticality, 2)).toHaveLength(1)
    }
  })

  it('turns bulk away for a second after a flood of it, and tells the ladder nothing of that', () => {
    const clock = clockAt()
    const admission = new Admission(fixed, clock)
    const permits = fill(admission, 'bulk', 200)
    clock.nowMs = 1_000
    expect(admission.tick()).toBeCloseTo(0.6)
    for (const permit of permits) permit.release()
    expect(admission.admit('bulk')).toBeNull()
    expect(admission.admit('interactive')).not.toBeNull()
  })

  it('tells the ladder of users who were turned away', () => {
    const clock = clockAt()
    const admission = new Admission(fixed, clock)
    fill(admission, 'interactive', 24)
    clock.nowMs = 1_000
    expect(admission.tick()).toBeCloseTo(2.4)
  })

  it('releases each permit once, however often and in whatever order it is told', () => {
    const step = fc.record({ act: fc.constantFrom('admit', 'begin', 'release'), which: fc.nat(30) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const admission = new Admission({ initial: 8, min: 1, max: 20 }, clockAt())
        const permits: Permit[] = []
        for (const { act, which } of steps) {
          const permit = permits[which % Math.max(1, permits.length)]
          if (act === 'admit') permits.push(...fill(admission, 'critical', 1))
          else if (act === 'begin') permit?.firstByte(200)
          else permit?.release()
          expect(admission.inFlight).toBe(permits.filter(({ isOver }) => !isOver).length)
        }
      }),
    )
  })

  it('learns from times to first byte, and not from errors or from those who left before it', () => {
    const clock = clockAt()
    const admission = new Admission({ initial: 20, min: 1, max: 100 }, clock)
    const serve = (ms: number, end: (permit: Permit) => void): void => {
      const permits = fill(admission, 'critical', 20)
      clock.nowMs += ms
      for (const permit of permits) {
        end(permit)
        permit.release()
      }
    }
    for (let round = 0; round < 20; round += 1) serve(10, (permit) => permit.firstByte(503))
    for (let round = 0; round < 20; round += 1) serve(10, () => undefined)
    expect(admission.limit).toBe(20)
    for (let round = 0; round < 20; round += 1) serve(10, (permit) => permit.firstByte(200))
    expect(admission.limit).toBeGreaterThan(20)
  })

  it('does not take the slowness of a provider for its own load', () => {
    const clock = clockAt()
    const admission = new Admission({ initial: 50, min: 1, max: 1_000 }, clock)
    const serve = (elsewhereMs: number): void => {
      const permits = fill(admission, 'critical', 50)
      clock.nowMs += 10 + elsewhereMs
      for (const permit of permits) {
        permit.firstByte(200, elsewhereMs)
        permit.release()
      }
    }
    for (let round = 0; round < 20; round += 1) serve(100)
    const before = admission.limit
    for (let round = 0; round < 20; round += 1) serve(5_000)
    expect(admission.limit).toBeGreaterThan(before)
  })
})
