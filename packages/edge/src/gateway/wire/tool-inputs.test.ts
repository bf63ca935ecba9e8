import { describe, expect, it } from 'vitest'
import type { FinishReason, WholeAnswer } from './conversation.ts'
import type { Part } from './part.ts'
import { hasWholeInput, ToolInputs } from './tool-inputs.ts'

const call = (index: number): Part => ({ kind: 'tool-call', index, id: `c${index}`, name: 'f' })
const input = (index: number, json: string): Part => ({ kind: 'tool-input', index, json })
const finish = (reason: FinishReason): Part => ({ kind: 'finish', reason })

function areWhole(...parts: readonly Part[]): boolean {
  const inputs = new ToolInputs()
  for (const part of parts) inputs.read([part])
  return inputs.areWhole()
}

const CASES: readonly [readonly string[], FinishReason, boolean][] = [
  [['{"city":"Paris"}'], 'tool-calls', true],
  [['{"city":', '"Paris"}'], 'tool-calls', true],
  [['{"city":"Par'], 'tool-calls', false],
  [['{"city":"Par'], 'stop', false],
  [['{"city": Paris}'], 'tool-calls', false],
  [[''], 'tool-calls', true],
  [[], 'tool-calls', true],
  // Whoever says that it was cut off has told the truth.
  [['{"city":"Par'], 'length', true],
  [['{"city":"Par'], 'content-filter', true],
]

describe('the input of tool calls', () => {
  it.each(CASES)('%j that ends by %s is whole: %s', (pieces, reason, whole) => {
    expect(areWhole(call(0), ...pieces.map((json) => input(0, json)), finish(reason))).toBe(whole)
    const answer: WholeAnswer = {
      id: 'a',
      model: 'm',
      reasoning: '',
      text: '',
      toolCalls: [{ id: 'c0', name: 'f', json: pieces.join('') }],
      finish: reason,
      usage: null,
    }
    expect(hasWholeInput(answer)).toBe(whole)
  })

  it('is judged call by call, however the pieces come in turns', () => {
    const turns = [input(0, '{"a":'), input(1, '{"b":'), input(0, '1}'), input(1, '2}')]
    expect(areWhole(call(0), call(1), ...turns)).toBe(true)
    expect(areWhole(call(0), call(1), ...turns.slice(0, 3))).toBe(false)
  })

  it('is not held without bound: what no tool is given counts as broken', () => {
    const long = input(0, `"${'x'.repeat(1_000_000)}`)
    expect(areWhole(call(0), long, input(0, '"'), finish('tool-calls'))).toBe(true)
    expect(areWhole(call(0), long, long, long, long, long, finish('tool-calls'))).toBe(false)
  })
})
