import { describe, expect, it } from 'vitest'
import { scriptOf, type Step } from '../script/script.ts'
import { slow, slowFirstToken } from './slowness.ts'
import type { FaultContext } from './define-fault.ts'

const token: Step = { do: 'event', part: 'token', event: null, data: '{}' }
const script = scriptOf([
  { do: 'wait', until: 'headers', ms: 1 },
  { do: 'head', status: 200, headers: {}, framing: 'chunked' },
  { do: 'wait', until: 'first-token', ms: 2 },
  token,
  { do: 'wait', until: 'token', ms: 3 },
  token,
  { do: 'wait', until: 'token', ms: 3 },
  token,
  { do: 'end', how: 'complete' },
])
// These faults look at the script alone.
const context = {} as FaultContext

const waits = ({ steps }: typeof script): readonly number[] =>
  steps.flatMap((step) => (step.do === 'wait' ? [step.ms] : []))

describe('slowness', () => {
  it('delays the first token alone', () => {
    expect(waits(slowFirstToken.rewrite(script, { kind: 'slow-first-token', ms: 50 }, context))).toEqual([
      1, 50, 3, 3,
    ])
    expect(waits(slowFirstToken.rewrite(script, { kind: 'slow-first-token', factor: 10 }, context))).toEqual([
      1, 20, 3, 3,
    ])
  })

  it('stretches everything, or the rest from a token on', () => {
    expect(waits(slow.rewrite(script, { kind: 'slow', factor: 10 }, context))).toEqual([10, 20, 30, 30])
    expect(waits(slow.rewrite(script, { kind: 'slow', factor: 10, afterTokens: 2 }, context))).toEqual([
      1, 2, 3, 30,
    ])
  })
})
