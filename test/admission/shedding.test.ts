import Anthropic, { InternalServerError as AnthropicServerError } from '@anthropic-ai/sdk'
import OpenAI, { InternalServerError as OpenAiServerError } from 'openai'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { LIMITED_KEYS, startLimitedStack, type LimitedKey } from './limited-stack.ts'
import type { Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startLimitedStack()
})
afterAll(() => stack.close())

/** Whoever still waits for a token leaves when its test is over. */
let callers: AbortController
beforeEach(() => {
  callers = new AbortController()
})
afterEach(() => {
  callers.abort()
  stack.heal()
})

interface Sent {
  readonly key?: LimitedKey
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a streamed request, and is back when the gateway has answered; the stream goes on. */
const send = (route: string, { key = 'app', headers = {} }: Sent = {}): Promise<Response> =>
  fetch(`${stack.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${LIMITED_KEYS[key]}`,
      ...headers,
    },
    body: JSON.stringify({ model: route, stream: true, messages: [{ role: 'user', content: 'hello' }] }),
    signal: callers.signal,
  })

const statusOf = async (route: string, sent?: Sent): Promise<number> => (await send(route, sent)).status
const as = (criticality: string): Sent => ({ headers: { 'paceline-criticality': criticality } })
const asked = (route: string): number => stack.asked('openai', route).length

/** A provider whose streams take so long that each request stays. */
const saturate = (): void => stack.openai.configure({ delays: { tokenMs: 2_000 } })

async function fill(route: string, count: number, sent?: Sent): Promise<void> {
  for (let request = 0; request < count; request += 1) expect(await statusOf(route, sent)).toBe(200)
}

describe('a saturated route', () => {
  it('turns the lowest classes away first, and costs the provider nothing for them', async () => {
    const route = stack.freshRoute('o')
    saturate()
    await fill(route, 6)
    const shed = await send(route, as('bulk'))
    expect(shed.status).toBe(503)
    expect(Number(shed.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(Number(shed.headers.get('retry-after'))).toBeLessThanOrEqual(5)
    expect(shed.headers.get('x-should-retry')).toBe('true')
    expect(await statusOf(route, as('background'))).toBe(200)
    expect(await statusOf(route, as('background'))).toBe(503)
    expect(await statusOf(route)).toBe(200)
    expect(await statusOf(route)).toBe(503)
    expect(await statusOf(route, { key: 'vip' })).toBe(200)
    expect(await statusOf(route, { key: 'vip' })).toBe(200)
    expect(await statusOf(route, { key: 'vip' })).toBe(503)
    expect(asked(route)).toBe(10)
  })

  it('takes the class of the key’s tier and of the route, and lets a header lower it alone', async () => {
    const route = stack.freshRoute('o')
    saturate()
    await fill(route, 6)
    expect(await statusOf(route, { key: 'batch', ...as('critical') })).toBe(503)
    expect(await statusOf(route, { key: 'vip', ...as('bulk') })).toBe(503)
    await fill('nightly', 6)
    expect(await statusOf('nightly', { key: 'vip', ...as('critical') })).toBe(503)
    expect(asked(route)).toBe(6)
  })

  it('lets both official clients read why', async () => {
    const route = stack.freshRoute('o')
    saturate()
    await fill(route, 6)
    const messages = [{ role: 'user' as const, content: 'hello' }]
    const openai = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: LIMITED_KEYS.batch, maxRetries: 0 })
    const anthropic = new Anthropic({ baseURL: stack.url, apiKey: LIMITED_KEYS.batch, maxRetries: 0 })
    const why = {
      status: 503,
      message: expect.stringMatching(/This request counts as bulk\. Send it again in [1-5] second/) as string,
    }
    const viaOpenAi = openai.chat.completions.create({ model: route, messages })
    await expect(viaOpenAi).rejects.toBeInstanceOf(OpenAiServerError)
    await expect(viaOpenAi).rejects.toMatchObject({ ...why, code: 'overloaded' })
    const viaAnthropic = anthropic.messages.create({ model: route, max_tokens: 10, messages })
    await expect(viaAnthropic).rejects.toBeInstanceOf(AnthropicServerError)
    await expect(viaAnthropic).rejects.toMatchObject(why)
  })

  it('goes on with runs that have started, and begins none', async () => {
    const route = stack.freshRoute('o')
    const run = (id: string): Sent => ({ key: 'batch', headers: { 'paceline-run': id } })
    await (await send(route, run('begun'))).text()
    saturate()
    await fill(route, 8)
    await fill(route, 2, { key: 'vip' })
    expect(await statusOf(route, { key: 'vip' })).toBe(503)
    expect(await statusOf(route, run('new'))).toBe(503)
    expect(await statusOf(route, run('begun'))).toBe(200)
    // Another key's run of the same name is another run.
    expect(await statusOf(route, { headers: { 'paceline-run': 'begun' } })).toBe(503)
  })

  it('has room again as soon as callers leave', async () => {
    const route = stack.freshRoute('o')
    saturate()
    await fill(route, 6)
    expect(await statusOf(route, as('bulk'))).toBe(503)
    const left = Promise.all(
      stack
        .asked('openai', route)
        .map(({ id }) =>
          stack.openai.waitForAttempt((attempt) => attempt.id === id && attempt.clientLeftAtMs !== null),
        ),
    )
    callers.abort()
    await left
    callers = new AbortController()
    expect(await statusOf(route, as('bulk'))).toBe(200)
  })
})

describe('where no provider is well', () => {
  it('keeps the attempts that are left for users, and lets the others in again when one is', async () => {
    const route = stack.freshRoute('o')
    stack.openai.setFault({ kind: 'unavailable' })
    const untilBulkIs = async (shed: boolean, atMostMs: number): Promise<void> => {
      for (const lastAt = Date.now() + atMostMs; Date.now() < lastAt;) {
        const answer = await send(route, as('bulk'))
        const text = await answer.text()
        if (shed ? text.includes('No provider of this model is well') : answer.status === 200) return
      }
      throw new Error(`did not come to hold within ${atMostMs} ms`)
    }
    await untilBulkIs(true, 20_000)
    const before = asked(route)
    expect(await statusOf(route, as('background'))).toBe(503)
    expect(asked(route)).toBe(before)
    expect(await (await send(route)).json()).toMatchObject({ error: { code: 'providers_failed' } })
    expect(asked(route)).toBeGreaterThan(before)

    stack.openai.setFault(null)
    // All that comes is turned away, so nobody but a probe can find out.
    await untilBulkIs(false, 30_000)
  }, 60_000)
})
