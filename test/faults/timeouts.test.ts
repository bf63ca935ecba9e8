import type { FaultPlan } from '@paceline/mock-provider'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../support/ask.ts'
import { startStack, wholeTextOf, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())
afterEach(() => stack.heal())

const SILENCES: readonly FaultPlan[] = [
  { kind: 'silence' },
  { kind: 'silence', after: 'headers' },
  { kind: 'silence', after: 'role' },
  { kind: 'silence', after: 'comments', everyMs: 50 },
]

describe.each(['o', 'a'] as const)('a lone provider (route %s) that is silent', (order) => {
  it.each(SILENCES)('is asked once, and its caller told that time ran out: %j', async (fault) => {
    const provider = order === 'o' ? 'openai' : 'anthropic'
    const route = stack.freshRoute(order)
    stack[provider].setFault(fault)
    const seen = await ask(stack, 'openai', route, { stream: true })
    expect(seen).toMatchObject({ status: 504, ending: 'error' })
    expect(seen.raw).toContain('providers_timed_out')
    expect(stack.asked(provider, route)).toHaveLength(1)
  })

  it('is asked once where nothing is streamed, too', async () => {
    const provider = order === 'o' ? 'openai' : 'anthropic'
    const route = stack.freshRoute(order)
    stack[provider].setFault({ kind: 'silence' })
    const seen = await ask(stack, 'anthropic', route, { stream: false })
    expect(seen).toMatchObject({ status: 504, ending: 'error' })
    expect(stack.asked(provider, route)).toHaveLength(1)
  })
})

describe('many callers at once', () => {
  it('all get whole answers while one provider of three is well', async () => {
    stack.openai.setFault({ kind: 'unavailable' })
    stack.anthropic.setFault({ kind: 'unavailable' })
    const route = stack.freshRoute('oac')
    const seen = await Promise.all(
      Array.from({ length: 60 }, () => ask(stack, 'openai', route, { stream: true })),
    )
    for (const { text, ending } of seen) {
      expect({ text, ending }).toEqual({ text: wholeTextOf('compatible'), ending: 'complete' })
    }
  })
})
