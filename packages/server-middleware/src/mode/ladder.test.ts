import { MODES } from '@paceline/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bottomRung, climb, LADDER, type Ladder } from './ladder.ts'

/** One tick a second, with the same load. */
function under(load: number, seconds: number, from: Ladder, startAt = 0): Ladder {
  let ladder = from
  for (let second = 0; second < seconds; second += 1) ladder = climb(ladder, load, startAt + second * 1_000)
  return ladder
}

const at = (mode: Ladder['mode'], pressure: number): Ladder => ({ ...bottomRung, mode, pressure })

describe('climb', () => {
  it('goes up one rung when the pressure has been high for three seconds, and no sooner', () => {
    expect(under(1, 3, at('normal', 1)).mode).toBe('normal')
    expect(under(1, 4, at('normal', 1)).mode).toBe('conserving')
    expect(under(1, 8, at('normal', 1)).mode).toBe('degraded')
  })

  it('smooths the load, so that one bad second moves nothing', () => {
    const ladder = under(4, 1, bottomRung)
    expect(ladder.pressure).toBeCloseTo(0.8)
    expect(ladder.asking).toBeNull()
  })

  it('comes down one rung when the pressure has been low for thirty seconds, and no sooner', () => {
    expect(under(0.5, 30, at('degraded', 0.5)).mode).toBe('degraded')
    expect(under(0.5, 31, at('degraded', 0.5)).mode).toBe('conserving')
  })

  it('stays where it is between the two thresholds', () => {
    expect(under(0.8, 600, at('conserving', 0.8)).mode).toBe('conserving')
  })

  it('starts counting anew when the pressure lets up meanwhile', () => {
    const pausing = climb(under(1, 3, at('normal', 1)), -4, 3_000)
    expect(pausing.asking).toBeNull()
    expect(climb({ ...pausing, pressure: 1 }, 1, 4_000).mode).toBe('normal')
  })

  it('never reaches emergency by itself', () => {
    expect(under(4, 3_600, bottomRung).mode).toBe('essential')
  })

  it('comes down as soon as the pressure lets it after one climb, however high that was', () => {
    const top = under(4, 20, bottomRung)
    expect(top.mode).toBe('essential')
    expect(under(0, 100, top, 20_000)).toMatchObject({ mode: 'normal', latched: false })
  })

  it('withholds the way down after three turns within ten minutes, and says so', () => {
    let ladder = bottomRung
    let second = 0
    const go = (load: number, seconds: number): void => {
      ladder = under(load, seconds, ladder, second * 1_000)
      second += seconds
    }
    go(4, 20)
    go(0, 100)
    expect(ladder).toMatchObject({ mode: 'normal', latched: false })
    go(4, 20)
    go(0, 100)
    expect(ladder).toMatchObject({ mode: 'normal', latched: false })
    go(4, 20)
    go(0, 100)
    expect(ladder).toMatchObject({ mode: 'essential', latched: true })
    second += LADDER.windowMs / 1_000
    go(0, 100)
    expect(ladder).toMatchObject({ mode: 'normal', latched: false })
  })

  it('never withholds the way up', () => {
    const restless: Ladder = { ...at('conserving', 1), lastStep: -1, turnedAt: [0, 1, 2, 3, 4] }
    expect(under(4, 4, restless, 1_000).mode).toBe('degraded')
  })

  it('moves by one rung at most, and by none without the hold, whatever the load', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { maxLength: 400 }), (loads) => {
        let ladder = bottomRung
        let movedAt = Number.NEGATIVE_INFINITY
        for (const [second, load] of loads.entries()) {
          const next = climb(ladder, load, second * 1_000)
          const step = MODES.indexOf(next.mode) - MODES.indexOf(ladder.mode)
          expect(Math.abs(step)).toBeLessThanOrEqual(1)
          const heldMs = { 1: LADDER.upAfterMs, 0: -1, [-1]: LADDER.downAfterMs }[step] ?? 0
          expect(second * 1_000 - movedAt).toBeGreaterThan(heldMs)
          if (step !== 0) movedAt = second * 1_000
          ladder = next
        }
      }),
    )
  })

  it('never turns down after as many turns as it may make in ten minutes', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 4), { minLength: 20, maxLength: 60 }), (tens) => {
        let ladder = bottomRung
        let lastStep = 0
        const turns: number[] = []
        for (const [ten, load] of tens.entries())
          for (let second = 0; second < 20; second += 1) {
            const now = (ten * 20 + second) * 1_000
            const next = climb(ladder, load, now)
            const step = MODES.indexOf(next.mode) - MODES.indexOf(ladder.mode)
            const recent = turns.filter((turnedAt) => now - turnedAt < LADDER.windowMs).length
            const isTurn = step !== 0 && step === -lastStep
            expect(isTurn && step === -1 && recent >= LADDER.turns).toBe(false)
            if (isTurn) turns.push(now)
            if (step !== 0) lastStep = step
            ladder = next
          }
      }),
    )
  })
})
