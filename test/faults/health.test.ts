import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../support/ask.ts'
import { startStack, wholeTextOf, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())
afterEach(() => stack.heal())

const askOnce = (route: string) => ask(stack, 'openai', route, { stream: true })

/** Asks until a condition holds; each answer is checked, since nobody may notice what goes on behind. */
async function askUntil(route: string, holds: () => boolean, atMostMs: number): Promise<void> {
  const lastAt = Date.now() + atMostMs
  while (!holds()) {
    if (Date.now() > lastAt) throw new Error(`did not come to hold within ${atMostMs} ms`)
    const seen = await askOnce(route)
    expect(seen.ending).toBe('complete')
  }
}

describe('a provider that fails five times in a row', () => {
  it('is left alone, probed apart from all users, and taken back when it is well', async () => {
    const route = stack.freshRoute('oa')
    stack.openai.setFault({ kind: 'unavailable' })
    const asked = (): number => stack.asked('openai', route).length
    const probed = (): boolean => stack.openai.attempts().length > asked()

    // A probe goes out only once the breaker is open; reports carry both, and traffic carries reports.
    await askUntil(route, probed, 10_000)
    const before = asked()
    for (let request = 0; request < 5; request += 1) await askOnce(route)
    expect(asked()).toBe(before)

    stack.openai.setFault(null)
    await askUntil(route, () => asked() > before, 20_000)
    expect(stack.asked('openai', route).at(-1)?.ending).toBe('complete')
  }, 40_000)
})

describe('when no provider is left', () => {
  it('makes one attempt a request, and says so in the wire’s own terms', async () => {
    const route = stack.freshRoute('o')
    stack.openai.setFault({ kind: 'unavailable' })
    const probed = (): boolean => stack.openai.attempts().length > stack.asked('openai', route).length
    // Until the breaker opens, retries are paid for; a probe shows that it has.
    while (!probed()) expect((await askOnce(route)).status).toBe(503)
    const before = stack.asked('openai', route).length
    const seen = await askOnce(route)
    expect(seen).toMatchObject({ status: 503, ending: 'error' })
    expect(seen.headers.get('paceline-attempts')).toBe('1')
    expect(seen.message).toContain('Ask again')
    expect(seen.headers.get('x-should-retry')).toBe('false')
    expect(stack.asked('openai', route).length - before).toBe(1)
  })
})

describe('without ProviderHealth', () => {
  let alone: Stack
  beforeAll(async () => {
    alone = await startStack({ worker: 'worker-without-health.ts' })
  })
  afterAll(() => alone.close())

  it('asks each candidate once for nothing, and pays for the rest from a purse that runs dry', async () => {
    const route = alone.freshRoute('oa')
    alone.openai.setFault({ kind: 'unavailable' })
    alone.anthropic.setFault({ kind: 'unavailable' })
    const requests = 30
    await Promise.all(Array.from({ length: requests }, () => ask(alone, 'openai', route, { stream: true })))
    const calls = alone.asked('openai', route).length + alone.asked('anthropic', route).length
    const paid = calls - 2 * requests
    expect(paid).toBeGreaterThanOrEqual(10)
    expect(paid).toBeLessThanOrEqual(10 + 0.1 * requests)
    alone.heal()
  })

  it('goes on answering with its own reflexes', async () => {
    const route = alone.freshRoute('oa')
    alone.openai.setFault({ kind: 'reset' })
    for (let request = 0; request < 8; request += 1) {
      const seen = await ask(alone, 'anthropic', route, { stream: true })
      expect(seen).toMatchObject({ text: wholeTextOf('anthropic'), ending: 'complete' })
    }
  })
})
