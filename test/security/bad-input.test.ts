import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startStack, KEYS, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const PATHS = { openai: '/v1/chat/completions', anthropic: '/v1/messages' } as const
const WIRES = ['openai', 'anthropic'] as const
type Wire = (typeof WIRES)[number]

const VALID = { model: 'shared', max_tokens: 10, messages: [{ role: 'user', content: 'hello' }] }

interface Refusal {
  readonly status: number
  readonly type: string
  readonly message: string
  readonly param: unknown
}

async function post(wire: Wire, body: string, headers: Record<string, string> = {}): Promise<Refusal> {
  const response = await fetch(stack.url + PATHS[wire], {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.key}`, ...headers },
    body,
  })
  return refusal(wire, response)
}

/** Reads an error as the wire's own clients do; anything else fails here. */
async function refusal(wire: Wire, response: Response): Promise<Refusal> {
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.get('x-should-retry')).toBe('false')
  const body = (await response.json()) as {
    type?: string
    error: { type: string; message: string; param: unknown }
  }
  expect(body.type).toBe(wire === 'anthropic' ? 'error' : undefined)
  return { status: response.status, ...body.error }
}

describe.each(WIRES)('a caller of the %s wire', (wire) => {
  it('learns that its JSON is broken', async () => {
    expect(await post(wire, '{"model": "shared", ')).toMatchObject({
      status: 400,
      message: expect.stringContaining('not valid JSON') as string,
    })
  })

  it.each([
    ['an empty body', '', 'empty'],
    ['an array', '[]', 'object'],
    ['a number', '7', 'object'],
    ['null', 'null', 'object'],
  ])('learns that %s is no request', async (_name, body, word) => {
    const { status, message } = await post(wire, body)
    expect(status).toBe(400)
    expect(message).toContain(word)
  })

  it.each([
    ['model', { model: 7 }],
    ['model', { model: '' }],
    ['messages', { messages: 'hello' }],
    ['messages', { messages: [] }],
    ['messages', { messages: undefined }],
    ['messages[0].role', { messages: [{ role: 'wizard', content: 'x' }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: 7 }] }],
    ['messages[0].content[0].text', { messages: [{ role: 'user', content: [{ type: 'text' }] }] }],
    ['stream', { stream: 'yes' }],
    ['max_tokens', { max_tokens: 1.5 }],
    ['max_tokens', { max_tokens: 0 }],
    ['temperature', { temperature: 'hot' }],
    ['temperature', { temperature: 9 }],
    ['tools', { tools: {} }],
  ])('is told that %s is wrong in %j', async (param, change) => {
    const { status, message, ...seen } = await post(wire, JSON.stringify({ ...VALID, ...change }))
    expect(status).toBe(400)
    expect(seen.param).toBe(param)
    expect(message).toContain(`'${param}'`)
  })

  it('is told which models there are', async () => {
    const seen = await post(wire, JSON.stringify({ ...VALID, model: 'nonsense' }))
    expect(seen).toMatchObject({ status: 404, type: 'not_found_error', param: 'model' })
    expect(seen.message).toContain("'shared'")
  })

  it('is told that a key is missing, or wrong, or shut out', async () => {
    const body = JSON.stringify(VALID)
    expect(await post(wire, body, { authorization: '' })).toMatchObject({
      status: 401,
      type: 'authentication_error',
    })
    for (const key of [
      'Bearer',
      'Bearer wrong',
      `Basic ${stack.key}`,
      `Bearer ${stack.key}x`,
      `Bearer ${stack.key.slice(0, -1)}`,
    ]) {
      expect(await post(wire, body, { authorization: key })).toMatchObject({
        status: 401,
        type: 'authentication_error',
      })
    }
    const shutOut = await post(wire, body, { authorization: `Bearer ${KEYS.limited}` })
    expect(shutOut).toMatchObject({ status: 403, type: 'permission_error' })
    expect(shutOut.message).toContain("'plain'")
  })

  it('is told that a body of 10 MB is too large, whether its length is declared or not', async () => {
    const body = JSON.stringify({ ...VALID, messages: [{ role: 'user', content: 'x'.repeat(10_000_000) }] })
    expect(await post(wire, body)).toMatchObject({
      status: 413,
      message: expect.stringContaining('1,000,000') as string,
    })
    const chunked = await fetch(stack.url + PATHS[wire], {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.key}` },
      body: new Blob([body]).stream(),
      duplex: 'half',
    })
    expect(await refusal(wire, chunked)).toMatchObject({ status: 413 })
  })

  it('is told to send JSON', async () => {
    expect(
      await post(wire, 'model=shared', { 'content-type': 'application/x-www-form-urlencoded' }),
    ).toMatchObject({ status: 415 })
  })

  it('gets an answer or a refusal for JSON nested 200,000 deep, not a broken gateway', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    const body = `{"model":"shared","max_tokens":1,"messages":[{"role":"user","content":"x"}],"metadata":{"deep":${deep}}}`
    const response = await fetch(stack.url + PATHS[wire], {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.key}` },
      body,
    })
    expect([200, 400]).toContain(response.status)
  })

  it('gets an answer to a request whose method or path is wrong', async () => {
    const wrongMethod = await fetch(stack.url + PATHS[wire])
    expect(await refusal(wire, wrongMethod)).toMatchObject({ status: 405 })
    const wrongPath = await fetch(`${stack.url}${PATHS[wire]}/nowhere`, { method: 'POST' })
    expect(await refusal(wire, wrongPath)).toMatchObject({ status: 404 })
  })

  it('is told which variable would set its model up', async () => {
    const seen = await post(wire, JSON.stringify({ ...VALID, model: 'absent' }))
    expect(seen).toMatchObject({ status: 503, message: expect.stringContaining('ABSENT_KEY') as string })
  })

  it('is told what no candidate can do', async () => {
    const tools =
      wire === 'openai'
        ? [{ type: 'function', function: { name: 'f', parameters: {} } }]
        : [{ name: 'f', input_schema: { type: 'object' } }]
    const seen = await post(wire, JSON.stringify({ ...VALID, model: 'plain', tools }))
    expect(seen).toMatchObject({ status: 400, message: expect.stringContaining('tools') as string })
  })

  it('never sees its key or its words again in an error', async () => {
    const secret = 'my very private prompt'
    const bodies = [
      JSON.stringify({ ...VALID, model: secret }),
      JSON.stringify({ ...VALID, messages: [{ role: secret, content: 'x' }] }),
      `{"model": "${secret}`,
    ]
    for (const body of bodies) expect((await post(wire, body)).message).not.toContain(secret)
  })
})

it('speaks problem details where no wire format has a say', async () => {
  const response = await fetch(`${stack.url}/nowhere`)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toMatchObject({ status: 404, title: 'Not found', retryable: false })
})

it('leaves fields that only one format knows to providers of that format', async () => {
  const route = stack.freshRoute('ao')
  const response = await fetch(stack.url + PATHS.openai, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.key}` },
    body: JSON.stringify({ ...VALID, model: route, seed: 7, logit_bias: { 50256: -100 } }),
  })
  expect(response.headers.get('paceline-provider')).toBe('openai')
  expect(stack.asked('anthropic', route)).toHaveLength(0)
  expect(stack.asked('openai', route)[0]?.requestBody).toMatchObject({ seed: 7, logit_bias: { 50256: -100 } })
})

it("shows providers their own key, and neither the caller's nor another's", async () => {
  for (const [route, provider] of [
    [stack.freshRoute('o'), 'openai'],
    [stack.freshRoute('a'), 'anthropic'],
  ] as const) {
    await fetch(stack.url + PATHS.openai, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${stack.key}`,
        cookie: 'session=1',
        'x-forwarded-for': '1.2.3.4',
      },
      body: JSON.stringify({ ...VALID, model: route }),
    })
    const [attempt] = stack.asked(provider, route)
    expect(attempt?.keyAccepted).toBe(true)
    expect(attempt?.requestHeaders).not.toHaveProperty('cookie')
    expect(attempt?.requestHeaders).not.toHaveProperty('x-forwarded-for')
  }
})

it('survives a caller that hangs up in the middle of its request', async () => {
  const { hostname, port } = new URL(stack.url)
  await new Promise<void>((resolve) => {
    const half = request({
      hostname,
      port,
      path: PATHS.openai,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${stack.key}`,
        'content-length': 5_000,
      },
    })
    half.on('error', () => resolve())
    half.write('{"model":', () => half.destroy(new Error('gone')))
  })
  const response = await fetch(stack.url + PATHS.openai, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.key}` },
    body: JSON.stringify(VALID),
  })
  expect(response.status).toBe(200)
})
