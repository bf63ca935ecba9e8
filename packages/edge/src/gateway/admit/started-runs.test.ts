import { describe, expect, it } from 'vitest'
import { StartedRuns, turnOf } from './started-runs.ts'

const turnFor = (key: string, id: string): string | null => turnOf(key, new Headers({ 'paceline-run': id }))

describe('started runs', () => {
  it('are known from their first admitted turn until ten minutes after the last', () => {
    const runs = new StartedRuns()
    expect(runs.isStarted('app r', 0)).toBe(false)
    runs.enter('app r', 1_000, 0)
    expect(runs.isStarted('app r', 599_999)).toBe(true)
    runs.enter('app r', 600_000, 599_999)
    expect(runs.isStarted('app r', 1_199_998)).toBe(true)
    expect(runs.isStarted('app r', 1_199_999)).toBe(false)
  })

  it('have a few turns at once, so that not everything can be called one run', () => {
    const runs = new StartedRuns()
    const ends = Array.from({ length: 8 }, () => runs.enter('app r', 60_000, 0))
    expect(runs.isStarted('app r', 1)).toBe(false)
    ends[0]?.()
    expect(runs.isStarted('app r', 1)).toBe(true)
    runs.enter('app r', 60_000, 1)
    // Those whose ends nobody told are over when their time is.
    expect(runs.isStarted('app r', 60_000)).toBe(true)
  })

  it('are forgotten from the longest unused on, when they are too many', () => {
    const runs = new StartedRuns()
    for (let run = 0; run < 10_000; run += 1) runs.enter(`app ${run}`, 0, 0)
    runs.enter('app 0', 0, 1)
    runs.enter('app more', 0, 1)
    expect(runs.isStarted('app 0', 1)).toBe(true)
    expect(runs.isStarted('app 1', 1)).toBe(false)
    expect(runs.isStarted('app 2', 1)).toBe(true)
  })

  it('belong to a key: nobody continues the run of somebody else', () => {
    expect(turnFor('one', 'r')).not.toBe(turnFor('other', 'r'))
    expect(turnFor('one', '')).toBeNull()
    expect(turnFor('one', 'r'.repeat(129))).toBeNull()
    expect(turnOf('one', new Headers())).toBeNull()
  })
})
