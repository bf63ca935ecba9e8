import { describe, expect, it } from 'vitest'
import * as v from 'valibot'
import { createRandom } from '../answer/random.ts'
import { openai } from '../wire/openai.ts'
import type { FaultContext } from './define-fault.ts'
import { faultSchema, type Fault } from './fault.ts'
import { FaultSchedule } from './fault-schedule.ts'

const context: FaultContext = {
  wire: openai,
  context: { id: 'x', model: 'm', createdAtS: 0, includeUsage: false },
  pace: { headersMs: 0, firstTokenMs: 0, tokenMs: 0, jitter: 0 },
  random: createRandom(1),
  prompt: {
    model: 'm',
    stream: true,
    messages: [{ role: 'user', text: 'hi', callsTools: false }],
    tools: [],
    toolChoice: 'auto',
    maxTokens: null,
    stopSequences: [],
    outputSchema: null,
    includeUsage: false,
  },
  answer: {
    type: 'text',
    pieces: ['a'],
    stop: 'end',
    stopSequence: null,
    usage: { inputTokens: 1, outputTokens: 1 },
  },
}

/** At which of the instants the fault applies. */
function applied(fault: Fault, atMs: readonly number[]): readonly number[] {
  const schedule = new FaultSchedule([v.parse(faultSchema, fault)], 1000)
  return atMs.filter((ms) => schedule.take(context, 1000 + ms).length > 0)
}

describe('FaultSchedule', () => {
  it('applies a fault without modifiers for ever', () => {
    expect(applied({ kind: 'reset' }, [0, 1, 1e9])).toEqual([0, 1, 1e9])
  })

  it('counts `times`', () => {
    expect(applied({ kind: 'reset', times: 2 }, [0, 1, 2, 3])).toEqual([0, 1])
  })

  it('ends after `forMs`', () => {
    expect(applied({ kind: 'reset', forMs: 60_000 }, [0, 59_999, 60_000])).toEqual([0, 59_999])
  })

  it('hits every nth attempt', () => {
    expect(applied({ kind: 'reset', everyNth: 3 }, [1, 2, 3, 4, 5, 6])).toEqual([3, 6])
    expect(applied({ kind: 'reset', everyNth: 2, times: 1 }, [1, 2, 3, 4])).toEqual([2])
  })

  it('flaps between down and up', () => {
    expect(applied({ kind: 'reset', flap: { downMs: 10, upMs: 5 } }, [0, 9, 10, 14, 15, 24, 25])).toEqual([
      0, 9, 15, 24,
    ])
  })

  it('hits only the models it names', () => {
    expect(applied({ kind: 'reset', models: ['m'] }, [0])).toEqual([0])
    expect(applied({ kind: 'reset', models: ['other'] }, [0])).toEqual([])
  })

  it('keeps a fault that has nothing to spoil', () => {
    expect(applied({ kind: 'cut-in-tool-call', times: 1 }, [0])).toEqual([])
    expect(applied({ kind: 'prefill-refused' }, [0])).toEqual([])
  })
})
