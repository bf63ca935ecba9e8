import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask, type ClientWire } from '../support/ask.ts'
import { KEYS, startStack, wholeTextOf, type Stack } from '../support/stack.ts'

/** Long enough that nobody waits for it, far below the timers that would give it up. */
const SLOW_MS = 2_500

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ worker: 'worker-with-prefill.ts' })
})
afterAll(() => stack.close())
afterEach(() => stack.heal())

const CLIENTS: readonly ClientWire[] = ['openai', 'anthropic']
const ORDERS = [
  { order: 'oah', slow: 'openai', quick: 'anthropic' },
  { order: 'aoh', slow: 'anthropic', quick: 'openai' },
] as const

describe.each(ORDERS)('while $slow keeps silent', ({ order, slow, quick }) => {
  it.each(CLIENTS)('a client of the %s wire hears the other one long before', async (client) => {
    stack[slow].setFault({ kind: 'slow-first-token', ms: SLOW_MS })
    const route = stack.freshRoute(order)
    const startedAt = performance.now()
    const seen = await ask(stack, client, route, { stream: true })
    expect(performance.now() - startedAt).toBeLessThan(SLOW_MS)
    expect(seen).toMatchObject({ status: 200, text: wholeTextOf(quick), ending: 'complete' })
    expect(seen.paceline).toMatchObject({ provider: quick, attempts: 2, answer: 'complete' })
    // The one that was beaten is not left to run on.
    const beaten = await stack[slow].waitForAttempt(({ ending }) => ending === 'client-left')
    expect(beaten.firstTokenAtMs).toBeNull()
    expect(stack.asked(quick, route)).toHaveLength(1)
  })

  it('a client that wants no stream waits, since silence tells nothing there', async () => {
    stack[slow].setFault({ kind: 'slow-first-token', ms: 600 })
    const route = stack.freshRoute(order)
    const seen = await ask(stack, 'openai', route, { stream: false })
    expect(seen).toMatchObject({ status: 200, text: wholeTextOf(slow) })
    expect(stack.asked(quick, route)).toHaveLength(0)
  })
})

describe('a second attempt', () => {
  it('never wins by failing, and its failure is no end of the first', async () => {
    stack.openai.setFault({ kind: 'slow-first-token', ms: 600 })
    stack.anthropic.setFault({ kind: 'in-band-error', afterTokens: 0 })
    const route = stack.freshRoute('oah')
    const seen = await ask(stack, 'openai', route, { stream: true })
    expect(seen).toMatchObject({ text: wholeTextOf('openai'), ending: 'complete' })
    expect(seen.paceline).toMatchObject({ provider: 'openai', attempts: 2 })
  })

  it('is beaten when the first speaks after all, and is ended then', async () => {
    stack.openai.setFault({ kind: 'slow-first-token', ms: 400 })
    stack.anthropic.setFault({ kind: 'slow-first-token', ms: SLOW_MS })
    const route = stack.freshRoute('oah')
    const seen = await ask(stack, 'openai', route, { stream: true })
    expect(seen.paceline).toMatchObject({ provider: 'openai', attempts: 2 })
    await stack.anthropic.waitForAttempt(({ ending }) => ending === 'client-left')
  })

  it('stands in the ledger of extra load, for operators to see', async () => {
    const hedges = async (): Promise<number> => {
      const response = await fetch(`${stack.url}/metrics`, {
        headers: { authorization: `Bearer ${KEYS.operator}` },
      })
      const text = await response.text()
      expect(text.endsWith('# EOF\n')).toBe(true)
      return Number(/^paceline_attempts_total\{.*reason="hedge"\} (\d+)$/m.exec(text)?.[1] ?? 0)
    }
    const before = await hedges()
    stack.openai.setFault({ kind: 'slow-first-token', ms: SLOW_MS })
    await ask(stack, 'openai', stack.freshRoute('oah'), { stream: true })
    await expect.poll(hedges, { timeout: 5_000 }).toBeGreaterThan(before)
  })
})
