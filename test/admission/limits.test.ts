import Anthropic, { RateLimitError as AnthropicRateLimit } from '@anthropic-ai/sdk'
import OpenAI, { RateLimitError as OpenAiRateLimit } from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startLimitedStack, LIMITED_KEYS, type LimitedKey } from './limited-stack.ts'
import type { Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startLimitedStack()
})
afterAll(() => stack.close())
afterEach(() => stack.heal())

/** One call of an official client; every answer that it gets on the way is written down, those that it hides, too. */
type Ask = (model: string, maxRetries?: number, seen?: SeenAnswer[]) => Promise<unknown>
interface SeenAnswer {
  readonly status: number
  readonly retryAfterS: number
  readonly sentAt: number
  readonly answeredAt: number
}
const MESSAGES = [{ role: 'user' as const, content: 'hello' }]

const watching =
  (seen: SeenAnswer[]): typeof fetch =>
  async (input, init) => {
    const sentAt = performance.now()
    const response = await fetch(input, init)
    const retryAfterS = Number(response.headers.get('retry-after'))
    seen.push({ status: response.status, retryAfterS, sentAt, answeredAt: performance.now() })
    return response
  }

const asOpenAi =
  (key: LimitedKey): Ask =>
  (model, maxRetries = 0, seen = []) =>
    new OpenAI({
      baseURL: `${stack.url}/v1`,
      apiKey: LIMITED_KEYS[key],
      maxRetries,
      fetch: watching(seen),
    }).chat.completions.create({ model, messages: MESSAGES })

const asAnthropic =
  (key: LimitedKey): Ask =>
  (model, maxRetries = 0, seen = []) =>
    new Anthropic({
      baseURL: stack.url,
      apiKey: LIMITED_KEYS[key],
      maxRetries,
      fetch: watching(seen),
    }).messages.create({ model, max_tokens: 100, messages: MESSAGES })

const asked = (route: string): number => stack.asked('openai', route).length

/** Calls until it is refused: how often it was answered before, and what the refusal says. */
async function untilRefused(
  ask: () => Promise<unknown>,
  type: new (...args: never[]) => Error,
): Promise<{ answered: number; status: number; message: string; headers: Headers }> {
  for (let answered = 0; answered < 50; answered += 1) {
    const error: unknown = await ask().then(
      () => null,
      (error: unknown) => error,
    )
    if (error === null) continue
    expect(error).toBeInstanceOf(type)
    const { status, message, headers } = error as { status: number; message: string; headers: Headers }
    return { answered, status, message, headers }
  }
  throw new Error('it was never refused')
}

describe.each([
  ['openai', asOpenAi('metered'), OpenAiRateLimit],
  ['Anthropic', asAnthropic('metered-too'), AnthropicRateLimit],
] as const)('the %s client, beyond what its key may do in a minute', (_name, ask, RateLimit) => {
  it('is told how long to wait, and its request costs no provider anything', async () => {
    const route = stack.freshRoute('o')
    const refused = await untilRefused(() => ask(route), RateLimit)
    expect(refused.status).toBe(429)
    expect(refused.message).toMatch(/The key 'metered(-too)?' may make 60 requests a minute here/)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(refused.headers.get('x-should-retry')).toBe('true')
    expect(asked(route)).toBe(refused.answered)
  })

  it('waits as long by itself, and is answered then', async () => {
    const route = stack.freshRoute('o')
    await untilRefused(() => ask(route), RateLimit)
    const seen: SeenAnswer[] = []
    for (let call = 0; call < 50 && seen.every(({ status }) => status === 200); call += 1)
      await ask(route, 5, seen)
    const refusal = seen.findIndex(({ status }) => status === 429)
    const [refused, next] = seen.slice(refusal)
    expect(refused).toMatchObject({ status: 429, retryAfterS: 1 })
    expect((next?.sentAt ?? 0) - (refused?.answeredAt ?? 0)).toBeGreaterThan(990)
    expect(seen.at(-1)?.status).toBe(200)
  })
})

it('shares the limit of a tier among its keys', async () => {
  const route = stack.freshRoute('o')
  await untilRefused(() => asOpenAi('free')(route), OpenAiRateLimit)
  const other = await untilRefused(() => asAnthropic('free-too')(route), AnthropicRateLimit)
  // A bucket of its own would hold two.
  expect(other.answered).toBeLessThan(2)
  expect(other.message).toContain("The tier 'free' may make 60 requests a minute here")
})

it('limits nobody else', async () => {
  const route = stack.freshRoute('o')
  for (let call = 0; call < 6; call += 1) await asOpenAi('app')(route)
  expect(asked(route)).toBe(6)
})

describe.each([
  ['openai', asOpenAi('daily'), OpenAiRateLimit],
  ['Anthropic', asAnthropic('daily-too'), AnthropicRateLimit],
] as const)('the %s client, beyond what its key may do in a day', (_name, ask, RateLimit) => {
  it('gets what there is, is told when there is more, and does not try again by itself', async () => {
    const route = stack.freshRoute('o')
    // Asked with retries: none is made, or this test would wait for tomorrow.
    const { answered, status, message, headers } = await untilRefused(() => ask(route, 2), RateLimit)
    const untilMidnightS = (86_400_000 - (Date.now() % 86_400_000)) / 1_000
    expect(status).toBe(429)
    expect(message).toMatch(/The key 'daily(-too)?' may make 5 requests a day/)
    expect(Math.abs(Number(headers.get('retry-after')) - untilMidnightS)).toBeLessThan(5)
    expect(headers.get('x-should-retry')).toBe('false')
    expect([answered, asked(route)]).toEqual([5, 5])
  })
})

describe('while the ledger of quotas is out', () => {
  let alone: Stack
  beforeAll(async () => {
    alone = await startLimitedStack('worker-without-quota.ts')
  })
  afterAll(() => alone.close())

  it('lets a bounded part of the day pass', async () => {
    const ask = () =>
      fetch(`${alone.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${LIMITED_KEYS.generous}` },
        body: JSON.stringify({ model: 'o-1', messages: MESSAGES }),
      })
    const statuses: number[] = []
    for (let call = 0; call < 6; call += 1) statuses.push((await ask()).status)
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429])
    const refused = await ask()
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(10)
    expect(refused.headers.get('x-should-retry')).toBe('true')
    expect(await refused.json()).toMatchObject({
      error: { type: 'rate_limit_error', code: 'quota_exceeded', retryable: true },
    })
  })
})
