import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask, type ClientWire, type Seen } from '../support/ask.ts'
import { KEYS, startStack, wholeTextOf, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())
afterEach(() => stack.heal())

const WIRES = ['openai', 'anthropic'] as const
const BOTH = WIRES.flatMap((wire) => [
  { wire, stream: true },
  { wire, stream: false },
])
const ACME = { 'paceline-tenant': 'acme' }
const TOOLS = {
  openai: [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } }],
  anthropic: [{ name: 'get_weather', input_schema: { type: 'object' } }],
}

interface Asking {
  readonly stream?: boolean
  readonly headers?: Record<string, string>
  readonly body?: object
}

const askAs = (wire: ClientWire, route: string, { stream = false, headers = ACME, body = {} }: Asking) =>
  ask(stack, wire, route, { stream, headers, body })

/** What an answer says of where it comes from. */
const labelOf = ({ headers, paceline }: Seen): unknown =>
  paceline?.['answer'] ?? headers.get('paceline-answer')

/** Asks until an answer is no fresh one of the store any more. */
async function askUntilOld(wire: ClientWire, route: string, asking: Asking): Promise<Seen> {
  for (;;) {
    const seen = await askAs(wire, route, asking)
    if (labelOf(seen) !== 'cached') return seen
  }
}

describe.each(BOTH)('over the $wire wire (streamed: $stream)', ({ wire, stream }) => {
  it('gives an answer a second time without asking anybody', async () => {
    const route = stack.freshRoute('koa')
    const first = await askAs(wire, route, { stream })
    const second = await askAs(wire, route, { stream })
    expect(labelOf(first)).toBe('complete')
    expect(labelOf(second)).toBe('cached')
    expect(second).toMatchObject({ status: 200, text: wholeTextOf('openai'), ending: 'complete' })
    expect(second.headers.get('paceline-attempts')).toBe('0')
    expect(second.headers.get('paceline-provider')).toBe('openai')
    expect(stack.asked('openai', route)).toHaveLength(1)
    expect(stack.asked('anthropic', route)).toHaveLength(0)
  })

  it('gives the last answer, with its age, when every provider is down', async () => {
    const route = stack.freshRoute('boa')
    await askAs(wire, route, { stream })
    for (const provider of [stack.openai, stack.anthropic]) provider.setFault({ kind: 'unavailable' })
    const stale = await askUntilOld(wire, route, { stream })
    expect(labelOf(stale)).toBe('stale')
    expect(stale).toMatchObject({ status: 200, text: wholeTextOf('openai'), ending: 'complete' })
    const ageMs = stream ? stale.paceline?.['ageMs'] : Number(stale.headers.get('age')) * 1_000
    expect(ageMs).toBeGreaterThanOrEqual(1_000)
    expect(stack.asked('anthropic', route).length).toBeGreaterThanOrEqual(1)
  })

  it('never keeps a call of a tool', async () => {
    const route = stack.freshRoute('koa')
    const asking = {
      stream,
      body: {
        messages: [{ role: 'user', content: 'what is the weather in Paris' }],
        tools: TOOLS[wire],
        tool_choice: wire === 'openai' ? 'required' : { type: 'any' },
      },
    }
    for (const seen of [await askAs(wire, route, asking), await askAs(wire, route, asking)]) {
      expect(seen.raw).toContain('get_weather')
      expect(labelOf(seen)).toBe('complete')
    }
    expect(stack.asked('openai', route)).toHaveLength(2)
  })

  it('never keeps an answer that broke off', async () => {
    const route = stack.freshRoute('ka')
    stack.anthropic.setFault({ kind: 'cut', afterTokens: 3 })
    const broken = await askAs(wire, route, { stream })
    expect(broken.ending).toBe(stream ? 'incomplete' : 'error')
    stack.heal()
    const whole = await askAs(wire, route, { stream })
    expect(whole.text).toBe(wholeTextOf('anthropic'))
    expect(labelOf(whole)).toBe('complete')
  })

  it('keeps the answers of tenants apart', async () => {
    const route = stack.freshRoute('koa')
    for (const tenant of ['acme', 'umbrella']) {
      const seen = await askAs(wire, route, { stream, headers: { 'paceline-tenant': tenant } })
      expect(labelOf(seen)).toBe('complete')
    }
    expect(stack.asked('openai', route)).toHaveLength(2)
  })

  it('keeps nothing for those who name no tenant', async () => {
    const route = stack.freshRoute('koa')
    await askAs(wire, route, { stream, headers: {} })
    expect(labelOf(await askAs(wire, route, { stream, headers: {} }))).toBe('complete')
    expect(stack.asked('openai', route)).toHaveLength(2)
  })
})

describe('a tenant', () => {
  const byKey = { authorization: `Bearer ${KEYS.tenant}` }

  it('is the one that the key speaks for', async () => {
    const route = stack.freshRoute('koa')
    await askAs('openai', route, { headers: byKey })
    expect(labelOf(await askAs('openai', route, { headers: byKey }))).toBe('cached')
  })

  it('can be no other than the one that the key speaks for', async () => {
    const headers = { ...byKey, 'paceline-tenant': 'umbrella' }
    const seen = await askAs('openai', stack.freshRoute('koa'), { headers })
    expect(seen.status).toBe(400)
    expect(seen.message).toContain('paceline-tenant')
  })

  it('is told so when its name is none', async () => {
    const headers = { 'paceline-tenant': 'a'.repeat(129) }
    const seen = await askAs('openai', stack.freshRoute('koa'), { headers })
    expect(seen.status).toBe(400)
    expect(seen.message).toContain('128')
  })

  it('of one app has nothing to do with one of the same name of another app', async () => {
    const route = stack.freshRoute('koa')
    await askAs('openai', route, { headers: byKey })
    expect(labelOf(await askAs('openai', route, { headers: ACME }))).toBe('complete')
  })
})

describe('a purge', () => {
  const purge = (body: unknown, token = KEYS.operator): Promise<Response> =>
    fetch(`${stack.url}/ops/api/cache/purge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    })

  it('takes a tenant’s answers away, and nobody else’s', async () => {
    const route = stack.freshRoute('koa')
    const umbrella = { 'paceline-tenant': 'umbrella' }
    for (const headers of [ACME, umbrella]) await askAs('openai', route, { stream: true, headers })
    const answer = await purge({ tenant: 'acme' })
    expect([answer.status, await answer.json()]).toMatchObject([200, { reach: 'everywhere' }])
    expect(labelOf(await askAs('openai', route, { stream: true }))).toBe('complete')
    expect(labelOf(await askAs('openai', route, { stream: true }))).toBe('cached')
    expect(labelOf(await askAs('openai', route, { stream: true, headers: umbrella }))).toBe('cached')
    expect(stack.asked('openai', route)).toHaveLength(3)
  })

  it('leaves nothing that could be given when every provider is down', async () => {
    const route = stack.freshRoute('koa')
    await askAs('openai', route, {})
    await purge({ tenant: 'acme' })
    for (const provider of [stack.openai, stack.anthropic]) provider.setFault({ kind: 'unavailable' })
    expect((await askAs('openai', route, {})).status).toBe(503)
  })

  it('is asked for by POST', async () => {
    const answer = await fetch(`${stack.url}/ops/api/cache/purge`)
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
  })

  it('is for operators alone', async () => {
    expect((await purge({ tenant: 'acme' }, KEYS.app)).status).toBe(401)
  })

  it.each([{}, { tenant: '' }, { tenant: 5 }, { tenant: 'a b' }, { tenant: 'acme', all: true }])(
    'refuses %j',
    async (body) => {
      const answer = await purge(body)
      expect([answer.status, await answer.json()]).toMatchObject([
        400,
        { type: 'urn:paceline:problem:invalid_request' },
      ])
    },
  )
})

it('asks anew in the background for an answer that is fresh for a little while only', async () => {
  const route = stack.freshRoute('roa')
  await askAs('openai', route, { stream: true })
  // Its last while begins a millisecond after it was given.
  while (stack.asked('openai', route).length < 2) {
    expect(labelOf(await askAs('openai', route, { stream: true }))).toBe('cached')
  }
  const ahead = await stack.openai.waitForAttempt(({ number, ending }) => number > 1 && ending !== 'open')
  expect(ahead).toMatchObject({ ending: 'complete', stream: true })
})
