import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BROWN_OUT,
  leaseSpeedProbe,
  NO_BROWN_OUT,
  recordSpeed,
  relief,
  slowAbove,
  type BrownOut,
} from './brown-out.ts'

const START = 1_700_000_000_000

/** `s` is a slow one, `.` a good one; one each `gapMs`. */
function told(from: BrownOut, verdicts: string, startAt: number, gapMs = 50): BrownOut {
  return verdicts
    .split('')
    .reduce(
      (brownOut, verdict, index) => recordSpeed(brownOut, verdict === 's', startAt + index * gapMs),
      from,
    )
}
const calm = told(NO_BROWN_OUT, '....................', START)
const begun = told(calm, 'ssssssssss', START)
/** How long the samples of `GOOD` take where each comes a second after the other. */
const SECOND = 1_000

describe('slow', () => {
  it('is what takes more than twice as long as on a good day, and a fifth of a second more at least', () => {
    expect(slowAbove(400)).toBe(800)
    expect(slowAbove(20)).toBe(220)
  })
})

describe('a brown-out', () => {
  it('begins when half of the last twenty are slow, and of ten in the beginning', () => {
    expect(told(calm, 'sssssssss', START).kind).toBe('calm')
    expect(begun.kind).toBe('trickle')
    expect(told(NO_BROWN_OUT, '.....ssss', START).kind).toBe('calm')
    expect(told(NO_BROWN_OUT, '.....sssss', START).kind).toBe('trickle')
  })

  it('acts within half a second at twenty answers a second that are all slow', () => {
    let brownOut = calm
    let at = START
    for (; brownOut.kind === 'calm'; at += 50) brownOut = recordSpeed(brownOut, true, at)
    expect(at - START).toBeLessThanOrEqual(500)
  })

  it('does not begin by what a healthy tail holds: one slow in twenty', () => {
    let [brownOut, state] = [NO_BROWN_OUT, 7]
    for (let sample = 0; sample < 200_000; sample += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      brownOut = recordSpeed(brownOut, state / 2 ** 32 < 0.05, START + sample * 50)
      expect(brownOut.kind).toBe('calm')
    }
  })

  it('leaves a trickle, and returns over 5 and 25 %, three seconds each at least', () => {
    expect(relief(calm)).toBe(1)
    expect(relief(begun)).toBe(0.01)
    let [brownOut, last] = [begun, 0.01]
    const seen: { share: number; afterMs: number }[] = []
    for (let afterMs = 0; relief(brownOut) < 1; afterMs += 100) {
      brownOut = recordSpeed(brownOut, false, START + 500 + afterMs)
      const share = relief(brownOut)
      if (share !== last) seen.push({ share, afterMs })
      last = share
    }
    expect(seen.map(({ share }) => share)).toEqual([0.05, 0.25, 1])
    const gaps = seen.map(({ afterMs }, index) => afterMs - (seen[index - 1]?.afterMs ?? 0))
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(BROWN_OUT.stepMs - 100)
  })

  it('is over after five good ones in a row only, not five in all', () => {
    expect(told(begun, '....s....s....', START + 10_000, SECOND).kind).toBe('trickle')
    expect(told(begun, '.....', START + 10_000, SECOND).kind).toBe('returning')
  })

  it('survives one slow one on the way back, which begins the step anew, and comes back with two', () => {
    const returning = told(begun, '.....', START + 10_000, SECOND)
    const once = recordSpeed(returning, true, START + 16_000)
    expect(once.kind).toBe('returning')
    expect(relief(recordSpeed(once, false, START + 18_900))).toBe(0.05)
    expect(relief(recordSpeed(once, false, START + 19_000))).toBe(0.25)
    expect(recordSpeed(once, true, START + 16_100).kind).toBe('trickle')
  })

  it('needs longer to trust one that comes and goes, up to a minute', () => {
    let [brownOut, at] = [calm, START]
    const trickles: number[] = []
    for (let round = 0; round < 7; round += 1) {
      while (brownOut.kind !== 'trickle') brownOut = recordSpeed(brownOut, true, (at += 50))
      const enteredAt = at
      while (brownOut.kind === 'trickle') brownOut = recordSpeed(brownOut, false, (at += 50))
      trickles.push(at - enteredAt)
      while (brownOut.kind !== 'calm') brownOut = recordSpeed(brownOut, false, (at += 50))
    }
    expect(trickles).toEqual([3_000, 6_000, 12_000, 24_000, 48_000, 60_000, 60_000])
  })

  it('is a first one again after a minute of calm', () => {
    const returned = told(begun, '.'.repeat(400), START + 1_000)
    expect(returned.kind).toBe('calm')
    const again = told(returned, 's'.repeat(20), START + 1_000_000)
    expect(again).toMatchObject({ kind: 'trickle', onsets: 1 })
  })

  it('never flaps: whatever comes in whatever order, its share changes by its rules alone', () => {
    const sample = fc.record({ slow: fc.boolean(), afterMs: fc.constantFrom(0, 10, 200, 3_000) })
    // Runs, since single verdicts by lot hardly ever come five in a row.
    const run = fc.record({ sample, times: fc.integer({ min: 1, max: 30 }) })
    fc.assert(
      fc.property(fc.array(run, { maxLength: 40 }), (runs) => {
        const changes = changesOf(
          runs.flatMap(({ sample: one, times }) => Array.from({ length: times }, () => one)),
        )
        // It falls by slow ones and to the trickle alone, and rises by good ones and one step alone.
        const wrong = changes.filter(({ slow, before, after }) =>
          after < before ? !slow || after !== 0.01 : slow || after !== nextOf(before),
        )
        expect(wrong).toEqual([])
        const begins = changes.filter(({ before }) => before === 1)
        expect(begins.filter(({ samples }) => samples < BROWN_OUT.minimumSamples)).toEqual([])
        const ends = changes.filter(({ after }) => after === 1)
        const lasted = ends.map(({ at }) => at - (begins.findLast((begin) => begin.at <= at)?.at ?? 0))
        expect(lasted.filter((ms) => ms < 3 * BROWN_OUT.stepMs)).toEqual([])
      }),
      { numRuns: 200 },
    )
  })
})

interface Change {
  readonly slow: boolean
  readonly before: number
  readonly after: number
  readonly at: number
  /** How many samples came since the change before. */
  readonly samples: number
}

/** Every change of the share that a sequence of samples brings about. */
function changesOf(told: readonly { slow: boolean; afterMs: number }[]): Change[] {
  let [brownOut, at, samples] = [NO_BROWN_OUT, START, 0]
  return told.flatMap(({ slow, afterMs }) => {
    at += afterMs
    samples += 1
    const before = relief(brownOut)
    brownOut = recordSpeed(brownOut, slow, at)
    const after = relief(brownOut)
    if (after === before) return []
    const change = { slow, before, after, at, samples }
    samples = 0
    return [change]
  })
}

const nextOf = (share: number): number => ({ 0.01: 0.05, 0.05: 0.25, 0.25: 1 })[share] ?? Number.NaN

describe('small questions of our own', () => {
  it('are leased one at a time while the trickle lasts, and come again where one is lost', () => {
    const leased: number[] = []
    let brownOut = begun
    for (let afterMs = 0; afterMs < 10_000; afterMs += 100) {
      const lease = leaseSpeedProbe(brownOut, START + 450 + afterMs)
      brownOut = lease.brownOut
      if (lease.leased) leased.push(afterMs)
    }
    expect(leased).toEqual([3_000, 6_000, 9_000])
  })

  it('are for a trickle alone', () => {
    expect(leaseSpeedProbe(calm, START + 100_000).leased).toBe(false)
    const returning = told(begun, '.....', START + 10_000, SECOND)
    expect(leaseSpeedProbe(returning, START + 100_000).leased).toBe(false)
  })
})
