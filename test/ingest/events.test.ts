import type { EventsAnswer } from '@paceline/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BROWSER, modeChanged, PAGE, post, send, SERVER, shown } from '../support/events.ts'
import { KEYS, startStack, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ worker: 'worker-with-recorder.ts' })
})
afterAll(() => stack.close())

interface Refused {
  readonly status: number
  readonly headers: Headers
  readonly code: string
  readonly detail: string
  readonly retryable: boolean
}

/** Reads a problem as RFC 9457 spells it; anything else fails here. */
async function problem(response: Response): Promise<Refused> {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const body = (await response.json()) as { type: string; status: number; detail: string; retryable: boolean }
  expect(body.status).toBe(response.status)
  return {
    status: response.status,
    headers: response.headers,
    code: body.type.replace('urn:paceline:problem:', ''),
    detail: body.detail,
    retryable: body.retryable,
  }
}

const many = (count: number, prefix: string): unknown[] =>
  Array.from({ length: count }, (_, index) => shown(`${prefix}-${index}`))

describe('events', () => {
  it('each get a verdict, in order, and one bad event sinks none of its neighbours', async () => {
    const verdicts = await send(stack, BROWSER, [
      shown('v-1'),
      'nonsense',
      shown('v-1'),
      shown('v-2', { ttfvtMs: -1 }),
      shown('v-3', { more: 1 }, { subject: 'x' }),
      modeChanged('v-4'),
      { id: 'v-5' },
    ])
    expect(verdicts).toEqual([
      { id: 'v-1', verdict: 'accepted', evidence: 'unproven' },
      { id: null, verdict: 'refused', reason: expect.stringContaining('must be an object') as string },
      { id: 'v-1', verdict: 'duplicate', evidence: 'unproven' },
      { id: 'v-2', verdict: 'refused', reason: expect.stringContaining('data.ttfvtMs') as string },
      { id: 'v-3', verdict: 'accepted', evidence: 'unproven', unknownFields: 2 },
      { id: 'v-4', verdict: 'refused', reason: expect.stringContaining('publishable key') as string },
      { id: 'v-5', verdict: 'refused', reason: expect.stringContaining('type') as string },
    ])
  })

  it.each<[string, unknown]>([
    ['application/cloudevents-batch+json', [modeChanged('type-1')]],
    ['application/cloudevents-batch+json; charset=utf-8', [modeChanged('type-2')]],
    ['application/cloudevents+json', modeChanged('type-3')],
    ['application/json', modeChanged('type-4')],
    ['Application/JSON', [modeChanged('type-5')]],
  ])('of a server come as %s', async (type, body) => {
    const response = await post(stack, { ...SERVER, 'content-type': type }, body)
    expect(response.status).toBe(200)
    const { verdicts } = (await response.json()) as EventsAnswer
    expect(verdicts).toMatchObject([{ verdict: 'accepted' }])
  })

  it('may be none', async () => {
    expect(await send(stack, SERVER, [])).toEqual([])
  })

  it('are each kept once, however often batches of them come', async () => {
    const sources = Array.from({ length: 20 }, (_, index) => `/browser/once-${index}`)
    const batches = Array.from({ length: 10 }, (_, batch) =>
      Array.from({ length: 100 }, (_, index) =>
        shown(`once-${batch * 100 + index}`, {}, { source: sources[index % sources.length] }),
      ),
    )
    const first = await Promise.all(batches.map((batch) => send(stack, BROWSER, batch)))
    const again = await Promise.all(batches.map((batch) => send(stack, BROWSER, batch)))
    expect(first.flat().filter(({ verdict }) => verdict === 'accepted')).toHaveLength(1_000)
    expect(again.flat().filter(({ verdict }) => verdict === 'duplicate')).toHaveLength(1_000)
  })

  it('are each accepted once where the same batch comes several times at once', async () => {
    const batch = many(50, 'race')
    const answers = await Promise.all([1, 2, 3, 4].map(() => send(stack, BROWSER, batch)))
    expect(answers.flat().filter(({ verdict }) => verdict === 'accepted')).toHaveLength(50)
    expect(answers.flat().filter(({ verdict }) => verdict === 'duplicate')).toHaveLength(150)
  })

  it('of a server come a thousand at once', async () => {
    const batch = Array.from({ length: 1_000 }, (_, index) =>
      modeChanged(`bulk-${index}`, { source: '/server/bulk' }),
    )
    const verdicts = await send(stack, SERVER, batch)
    expect(verdicts.filter(({ verdict }) => verdict === 'accepted')).toHaveLength(1_000)
  })
})

describe('a beacon', () => {
  const beacon = (body: unknown, headers: Record<string, string> = { origin: PAGE }): Promise<Response> =>
    post(stack, { 'content-type': 'text/plain;charset=UTF-8', ...headers }, body)

  it('carries its key in the body', async () => {
    const response = await beacon({ key: KEYS.browser, events: [shown('beacon-1')] })
    expect(response.status).toBe(200)
    expect(((await response.json()) as EventsAnswer).verdicts).toMatchObject([{ verdict: 'accepted' }])
  })

  it.each<[string, unknown, number, string]>([
    ['no key', { events: [] }, 401, 'missing_key'],
    ['a key that is none', { key: 7, events: [] }, 401, 'missing_key'],
    ['an unknown key', { key: 'pk_other', events: [] }, 401, 'unknown_key'],
    ['a secret key', { key: KEYS.app, events: [] }, 401, 'unknown_key'],
    ['no events', { key: KEYS.browser }, 400, 'invalid_request'],
    ['a list', [shown('x')], 401, 'missing_key'],
    ['no JSON', 'hello', 400, 'invalid_json'],
  ])('with %s is refused as a whole', async (_name, body, status, code) => {
    expect(await problem(await beacon(body))).toMatchObject({ status, code })
  })

  it('from a foreign page is refused', async () => {
    const response = await beacon({ key: KEYS.browser, events: [] }, { origin: 'https://evil.example' })
    expect(await problem(response)).toMatchObject({ status: 403, code: 'origin_forbidden' })
  })
})

describe('a request to send events', () => {
  it.each<[string, Record<string, string>, unknown, number, string, string]>([
    ['no key', {}, [], 401, 'missing_key', 'Authorization: Bearer'],
    ['an unknown key', { authorization: 'Bearer nobody' }, [], 401, 'unknown_key', 'not known'],
    ['broken JSON', SERVER, '[{', 400, 'invalid_json', 'not valid JSON'],
    ['no body', SERVER, '', 400, 'invalid_request', 'empty'],
    ['a text for events', SERVER, '"x"', 400, 'invalid_request', 'an event or a list'],
    ['JSON too deep', SERVER, '['.repeat(600), 400, 'invalid_request', 'levels deep'],
    [
      'an object for a batch',
      { ...SERVER, 'content-type': 'application/cloudevents-batch+json' },
      {},
      400,
      'invalid_request',
      'list of events',
    ],
    [
      'a list for an event',
      { ...SERVER, 'content-type': 'application/cloudevents+json' },
      [],
      400,
      'invalid_request',
      'must be an object',
    ],
    [
      'another type',
      { ...SERVER, 'content-type': 'application/xml' },
      '<x/>',
      415,
      'unsupported_media_type',
      'application/cloudevents-batch+json',
    ],
    [
      'a type that objects have',
      { ...SERVER, 'content-type': 'constructor' },
      '[]',
      415,
      'unsupported_media_type',
      'text/plain beacon',
    ],
    ['101 events of a page', BROWSER, many(101, 'over'), 413, 'too_many_events', '100 at once'],
    [
      '1,001 events of a server',
      SERVER,
      Array.from({ length: 1_001 }, () => 0),
      413,
      'too_many_events',
      '1,000 at once',
    ],
    ['70 kB of a page', BROWSER, 'x'.repeat(70_000), 413, 'body_too_large', '65,536 bytes'],
    ['1.1 MB of a server', SERVER, 'x'.repeat(1_100_000), 413, 'body_too_large', '1,048,576 bytes'],
  ])('with %s is refused as a whole', async (_name, headers, body, status, code, words) => {
    const refused = await problem(await post(stack, headers, body))
    expect(refused).toMatchObject({ status, code, retryable: false })
    expect(refused.detail).toContain(words)
  })

  it('by another method is told which one', async () => {
    const response = await fetch(`${stack.url}/events`)
    expect(await problem(response)).toMatchObject({ status: 405, code: 'method_not_allowed' })
    expect(response.headers.get('allow')).toBe('POST, OPTIONS')
  })

  it('is put off where a source sends too much, and told until when', async () => {
    const from = (index: number): unknown[] =>
      Array.from({ length: 100 }, (_, event) =>
        shown(`flood-${index}-${event}`, {}, { source: '/browser/flood' }),
      )
    const answers = await Promise.all([0, 1, 2, 3, 4, 5].map((index) => post(stack, BROWSER, from(index))))
    const limited = answers.find(({ status }) => status === 429)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3)
    expect(Number(limited?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(limited?.headers.get('access-control-expose-headers')).toBe('retry-after')
    expect(limited === undefined ? null : await problem(limited)).toMatchObject({
      code: 'rate_limited',
      retryable: true,
    })
    // Others go on.
    expect(await send(stack, BROWSER, [shown('calm')])).toMatchObject([{ verdict: 'accepted' }])
  })
})

describe('a page', () => {
  const preflight = (origin: string): Promise<Response> =>
    fetch(`${stack.url}/events`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    })

  it.each([PAGE, 'http://127.0.0.1:5173'])('of %s may send with a key in its headers', async (origin) => {
    const response = await preflight(origin)
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe(origin)
    expect(response.headers.get('access-control-allow-methods')).toBe('POST')
    expect(response.headers.get('access-control-allow-headers')).toBe('authorization, content-type')
    expect(response.headers.get('vary')).toBe('origin')
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
  })

  it.each([
    'https://evil.example',
    'https://app.example.com.evil.example',
    'null',
    'http://127.0.0.1.nip.example',
  ])('of %s may not', async (origin) => {
    const asked = await preflight(origin)
    expect(await problem(asked)).toMatchObject({ status: 403, code: 'origin_forbidden' })
    expect(asked.headers.get('access-control-allow-origin')).toBeNull()
    const sent = await post(stack, { ...BROWSER, origin }, [shown('foreign')])
    expect(sent.headers.get('access-control-allow-origin')).toBeNull()
    expect(await problem(sent)).toMatchObject({ status: 403, code: 'origin_forbidden' })
  })

  it('of a foreign origin is told what its operator has to add, and not what is there', async () => {
    const refused = await problem(await post(stack, { ...BROWSER, origin: 'https://mine.example/' }, []))
    expect(refused.detail).toContain("add 'https://mine.example'")
    expect(refused.detail).not.toContain('app.example.com')
  })

  it('may read its answer, and also why there is none', async () => {
    const answered = await post(stack, BROWSER, [shown('cors')])
    const refused = await post(stack, { ...BROWSER, authorization: 'Bearer pk_other' }, [])
    for (const response of [answered, refused]) {
      expect(response.headers.get('access-control-allow-origin')).toBe(PAGE)
      expect(response.headers.get('vary')).toBe('origin')
    }
    expect([answered.status, refused.status]).toEqual([200, 401])
  })

  it('is told from a program that has its key and no origin', async () => {
    const response = await post(stack, { authorization: `Bearer ${KEYS.browser}` }, [])
    expect(await problem(response)).toMatchObject({ status: 403, code: 'origin_forbidden' })
  })

  it('gets no answers from the gateway with a publishable key', async () => {
    const response = await fetch(`${stack.url}/v1/models`, { headers: BROWSER })
    expect(response.status).toBe(401)
  })
})
