import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptySummary, mergeSummaries, summaryOf } from '../../summary.ts'
import { NO_RUN, recordRun, type Consecutive } from './consecutive.ts'

const summed = (lates: readonly boolean[]) =>
  lates.reduce((sum, late) => mergeSummaries(sum, summaryOf(100, late)), emptySummary)

/** The run that stands at the end, and the longest one that a reader saw, when told in parts. */
function read(parts: readonly (readonly boolean[])[]): { state: Consecutive; longest: number } {
  let state = NO_RUN
  let longest = 0
  for (const part of parts) {
    const step = recordRun(state, summed(part))
    state = step.state
    longest = Math.max(longest, step.longest)
  }
  return { state, longest }
}

describe('late ones in a row', () => {
  it('are the same runs, however a sequence is split into summaries', () => {
    const parts = fc.array(fc.array(fc.boolean(), { maxLength: 12 }), { maxLength: 12 })
    fc.assert(
      fc.property(parts, (split) => {
        const oneByOne = split.flat().map((late) => [late])
        expect(read(split)).toEqual(read(oneByOne))
      }),
    )
  })

  it('go on over the end of a summary, and end with the first timely one', () => {
    expect(read([[false, true, true], [true]])).toEqual({ state: { run: 3 }, longest: 3 })
    expect(read([[true, true], [], [false], [true]])).toEqual({ state: { run: 1 }, longest: 2 })
  })
})
