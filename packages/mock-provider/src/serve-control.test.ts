import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startMockProvider, type MockProvider } from './mock-provider.ts'
import { connectRaw } from './raw-client.ts'

let provider: MockProvider
beforeEach(async () => {
  provider = await startMockProvider({ name: 'north' })
})
afterEach(() => provider.close())

function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${provider.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}

describe('the control endpoints', () => {
  it('set and heal faults', async () => {
    const set = await send('PUT', '/control/fault', { kind: 'cut', afterTokens: 5 })
    expect(await set.json()).toEqual({ kind: 'cut', afterTokens: 5, by: 'reset' })
    expect(provider.fault()).toEqual({ kind: 'cut', afterTokens: 5, by: 'reset' })
    expect((await send('DELETE', '/control/fault')).status).toBe(204)
    expect(provider.fault()).toBeNull()
  })

  it('change settings, and leave the rest as it was', async () => {
    const changed = await send('PATCH', '/control/settings', { seed: 9, delays: { tokenMs: 3 } })
    expect(await changed.json()).toMatchObject({
      seed: 9,
      delays: { headersMs: 0, tokenMs: 3 },
      prefill: 'continue',
    })
  })

  it('show attempts without credentials, and forget them', async () => {
    const call = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }
    await (await send('POST', '/v1/chat/completions', call, { authorization: 'Bearer secret' })).text()
    const shown = await (await send('GET', '/control/attempts')).text()
    expect(JSON.parse(shown)).toMatchObject({
      attempts: [{ number: 1, wire: 'openai', keyAccepted: true, requestBody: call }],
    })
    expect(shown).not.toContain('secret')
    await send('DELETE', '/control/attempts')
    expect(provider.attempts()).toEqual([])
    expect(await (await send('GET', '/control')).json()).toMatchObject({
      name: 'north',
      attempts: 0,
      fault: null,
    })
  })

  it('say what is wrong with a body, and where', async () => {
    const reply = await send('PUT', '/control/fault', [{ kind: 'reset' }, { kind: 'cut', afterTokens: -1 }])
    expect(reply.headers.get('content-type')).toBe('application/problem+json')
    expect(await reply.json()).toMatchObject({ status: 422, errors: [{ pointer: '/1/afterTokens' }] })
    expect(await (await send('PUT', '/control/fault', { kind: 'cutt' })).json()).toMatchObject({
      errors: [{ pointer: '/kind', detail: expect.stringContaining('"cut"') as unknown }],
    })
    expect((await send('PATCH', '/control/settings', { tokenMs: 3 })).status).toBe(422)
    expect((await send('PUT', '/control/fault', '{')).status).toBe(400)
  })

  it.each([
    ['PUT', '/control/fault', { 'content-type': 'text/plain' }, 415],
    ['PUT', '/control/fault', { origin: 'http://localhost:3000' }, 403],
    ['DELETE', '/control/fault', { origin: 'https://evil.example' }, 403],
    ['POST', '/control/fault', {}, 405],
    ['GET', '/control/nothing', {}, 404],
  ])('refuse %s %s with %j', async (method, path, headers, status) => {
    const body = method === 'GET' ? undefined : { kind: 'reset' }
    const reply = await send(method, path, body, headers)
    expect(reply.status).toBe(status)
    expect(reply.headers.has('access-control-allow-origin')).toBe(false)
    expect(provider.fault()).toBeNull()
  })

  it('refuse a host that only resolves to loopback', async () => {
    const client = connectRaw(provider.port)
    client.send('GET /control HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n')
    await client.ended
    expect(client.received()).toContain('HTTP/1.1 403 ')
  })
})
