import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask, type ClientWire, type Seen } from '../support/ask.ts'
import { startStack, wholeTextOf, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())
afterEach(() => stack.heal())

const ACME = { 'paceline-tenant': 'acme' }
const TOGETHER = 12
const BOTH = (['openai', 'anthropic'] as const).flatMap((wire) => [
  { wire, stream: true },
  { wire, stream: false },
])

const askTogether = (wire: ClientWire, route: string, stream: boolean, body = {}): Promise<Seen[]> =>
  Promise.all(
    Array.from({ length: TOGETHER }, () => ask(stack, wire, route, { stream, headers: ACME, body })),
  )

/** A streamed call whose caller can leave. */
async function openStream(route: string) {
  const caller = new AbortController()
  const response = await send(route, caller.signal)
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const next = async (): Promise<boolean> => {
    const step = await reader?.read()
    text += step?.value ?? ''
    return step?.done === false
  }
  const rest = async (): Promise<string> => {
    while (await next());
    return text
  }
  return { leave: () => caller.abort(), next, rest }
}

const send = (route: string, signal: AbortSignal): Promise<Response> =>
  fetch(`${stack.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.key}`, ...ACME },
    body: JSON.stringify({ model: route, stream: true, messages: [{ role: 'user', content: 'hello' }] }),
    signal,
  })

const wordsOf = (raw: string): string =>
  [...raw.matchAll(/"content":"([^"]*)"/g)].map(([, word]) => word).join('')

describe.each(BOTH)(
  'calls that ask the same at the same time (wire: $wire, streamed: $stream)',
  ({ wire, stream }) => {
    it('share one attempt, and each gets the whole answer', async () => {
      const route = stack.freshRoute('koa')
      stack.openai.configure({ delays: { firstTokenMs: 150, tokenMs: 5 } })
      const seen = await askTogether(wire, route, stream)
      expect(stack.asked('openai', route)).toHaveLength(1)
      expect(stack.asked('anthropic', route)).toHaveLength(0)
      for (const one of seen) {
        expect(one).toMatchObject({ status: 200, text: wholeTextOf('openai'), ending: 'complete' })
      }
      expect(seen.filter(({ headers }) => headers.get('paceline-attempts') === '0')).toHaveLength(
        TOGETHER - 1,
      )
    })

    it('have one of them ask again when the first has failed', async () => {
      const route = stack.freshRoute('ka')
      stack.anthropic.configure({ delays: { headersMs: 150 } })
      stack.anthropic.setFault({ kind: 'auth', times: 1 })
      const seen = await askTogether(wire, route, stream)
      expect(stack.asked('anthropic', route)).toHaveLength(2)
      expect(seen.filter(({ status }) => status === 503)).toHaveLength(1)
      expect(seen.filter(({ text }) => text === wholeTextOf('anthropic'))).toHaveLength(TOGETHER - 1)
    })

    it('each make an attempt of their own where the answer may be a call of a tool', async () => {
      const route = stack.freshRoute('koa')
      const parameters = { type: 'object' }
      const tool =
        wire === 'openai'
          ? { type: 'function', function: { name: 'look', parameters } }
          : { name: 'look', input_schema: parameters }
      stack.openai.configure({ delays: { firstTokenMs: 60 } })
      await askTogether(wire, route, stream, { tools: [tool] })
      expect(stack.asked('openai', route)).toHaveLength(TOGETHER)
    })

    it('each make an attempt of their own where they name no tenant', async () => {
      const route = stack.freshRoute('koa')
      stack.openai.configure({ delays: { firstTokenMs: 60 } })
      await Promise.all(Array.from({ length: TOGETHER }, () => ask(stack, wire, route, { stream })))
      expect(stack.asked('openai', route)).toHaveLength(TOGETHER)
    })
  },
)

describe('the caller whose answer others follow', () => {
  it('may leave in the middle of it, and they get all of it', async () => {
    const route = stack.freshRoute('koa')
    stack.openai.configure({ delays: { tokenMs: 60 } })
    const leader = await openStream(route)
    await leader.next()
    const followers = await Promise.all([openStream(route), openStream(route), openStream(route)])
    await Promise.all(followers.map(({ next }) => next()))
    leader.leave()
    for (const { rest } of followers) {
      const raw = await rest()
      expect(wordsOf(raw)).toBe(wholeTextOf('openai'))
      expect(raw).toContain('data: [DONE]')
    }
    expect(stack.asked('openai', route)).toMatchObject([{ ending: 'complete' }])
  })

  it('may leave before it has begun, and they get all of it', async () => {
    const route = stack.freshRoute('koa')
    stack.openai.configure({ delays: { firstTokenMs: 300 } })
    const caller = new AbortController()
    const arrived = stack.openai.nextAttempt()
    const left = send(route, caller.signal).catch(() => null)
    await arrived
    const followers = [openStream(route), openStream(route), openStream(route)]
    caller.abort()
    expect(await left).toBeNull()
    for (const follower of await Promise.all(followers)) {
      expect(wordsOf(await follower.rest())).toBe(wholeTextOf('openai'))
    }
    expect(stack.asked('openai', route).length).toBeLessThanOrEqual(2)
  })

  it('ends the provider’s side when it leaves and nobody follows', async () => {
    const route = stack.freshRoute('koa')
    stack.openai.configure({ delays: { tokenMs: 300 } })
    const gone = stack.openai.waitForAttempt(({ clientLeftAtMs }) => clientLeftAtMs !== null)
    const leader = await openStream(route)
    await leader.next()
    leader.leave()
    const attempt = await gone
    expect(attempt.ending).toBe('client-left')
    expect(attempt.tokensSent).toBeLessThanOrEqual(2)
  })

  it('ends the provider’s side when those who followed have left, too', async () => {
    const route = stack.freshRoute('koa')
    stack.openai.configure({ delays: { tokenMs: 300 } })
    const gone = stack.openai.waitForAttempt(({ clientLeftAtMs }) => clientLeftAtMs !== null)
    const leader = await openStream(route)
    const follower = await openStream(route)
    await Promise.all([leader.next(), follower.next()])
    leader.leave()
    follower.leave()
    expect((await gone).ending).toBe('client-left')
  })
})

it('tells those who have heard a part that the rest does not come', async () => {
  const route = stack.freshRoute('ka')
  stack.anthropic.configure({ delays: { firstTokenMs: 150, tokenMs: 20 } })
  stack.anthropic.setFault({ kind: 'cut', afterTokens: 4 })
  const seen = await askTogether('openai', route, true)
  for (const one of seen) expect(one.ending).toBe('incomplete')
  expect(stack.asked('anthropic', route)).toHaveLength(1)
})
