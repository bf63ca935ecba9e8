import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startMockProvider, type MockProvider } from './mock-provider.ts'
import { chunkedBody, connectRaw, postJson } from './raw-client.ts'

const messages = [{ role: 'user', content: 'hi' }]
const chat = (fields: object = {}): string =>
  postJson('/v1/chat/completions', { model: 'm', messages, ...fields })

let provider: MockProvider
beforeEach(async () => {
  provider = await startMockProvider({ name: 'north', texts: ['One two.'] })
})
afterEach(() => provider.close())

describe('startMockProvider', () => {
  it('names a port that is taken', async () => {
    await expect(startMockProvider({ name: 'south', port: provider.port })).rejects.toThrow(
      `port ${provider.port}`,
    )
  })

  it('listens on loopback only', async () => {
    await expect(startMockProvider({ name: 'south', host: '0.0.0.0' })).rejects.toThrow('loopback')
  })

  it('refuses settings that are not what they should be', async () => {
    await expect(startMockProvider({ name: 'south', delays: { tokenMs: -1 } })).rejects.toThrow('>=0')
  })
})

describe('a mock provider', () => {
  it('answers request after request on one connection', async () => {
    const client = connectRaw(provider.port)
    client.send(chat() + chat({ stream: true }) + chat())
    await client.until('[DONE]')
    await provider.waitForAttempt(({ number, ending }) => number === 3 && ending === 'complete')
    expect(provider.attempts().map(({ number, stream }) => [number, stream])).toEqual([
      [1, false],
      [2, true],
      [3, false],
    ])
    client.leave()
  })

  it('asks for the body of a client that waits for 100 Continue', async () => {
    const client = connectRaw(provider.port)
    const [head = '', body = ''] = chat().split('\r\n\r\n')
    client.send(`${head}\r\nexpect: 100-continue\r\n\r\n`)
    await client.until('HTTP/1.1 100 Continue\r\n\r\n')
    client.send(body)
    expect(await client.until('"usage"')).toContain('HTTP/1.1 200 OK')
    client.leave()
  })

  it('refuses what is not HTTP, and closes', async () => {
    const client = connectRaw(provider.port)
    client.send('hello\r\n\r\n')
    expect(await client.ended).toBe('fin')
    expect(client.received()).toMatch(/^HTTP\/1.1 400 .*application\/problem\+json/s)
  })

  it('logs an attempt from arrival to end', async () => {
    const arrival = provider.nextAttempt()
    const client = connectRaw(provider.port)
    client.send(chat({ stream: true }))
    expect(await arrival).toMatchObject({ number: 1, ending: 'open', tokensSent: 0, headersAtMs: null })
    const done = await provider.waitForAttempt(({ ending }) => ending === 'complete')
    expect(done).toMatchObject({
      tokensSent: 2,
      status: 200,
      clientLeftAtMs: null,
      path: '/v1/chat/completions',
    })
    const instants = [done.receivedAtMs, done.headersAtMs, done.firstTokenAtMs, done.endedAtMs].map(Number)
    expect(instants).toEqual(instants.toSorted((a, b) => a - b))
    client.leave()
  })

  it('notices a client that leaves', async () => {
    provider.configure({ delays: { tokenMs: 60_000 } })
    const client = connectRaw(provider.port)
    client.send(chat({ stream: true }))
    await client.until('"One"')
    client.leave()
    const attempt = await provider.waitForAttempt(({ ending }) => ending !== 'open')
    expect(attempt).toMatchObject({ ending: 'client-left', tokensSent: 1 })
    expect(attempt.endedAtMs).toBe(attempt.clientLeftAtMs)
  })

  it('does not run ahead of a reader that stopped reading', async () => {
    provider.setFault({ kind: 'huge-event', bytes: 32 * 1024 * 1024 })
    const client = connectRaw(provider.port)
    client.pause()
    client.send(chat({ stream: true }))
    const attempt = await provider.waitForAttempt(({ tokensSent }) => tokensSent > 0)
    expect(attempt).toMatchObject({ tokensSent: 1, ending: 'open' })
    client.leave()
    expect(await provider.waitForAttempt(({ ending }) => ending !== 'open')).toMatchObject({
      tokensSent: 1,
      ending: 'client-left',
    })
  })

  it('closes at once, whatever is under way', async () => {
    provider.setFault({ kind: 'silence' })
    const client = connectRaw(provider.port)
    client.send(chat())
    await provider.waitForAttempt(({ ending }) => ending === 'stalled')
    const waiting = provider.waitForAttempt(() => false)
    await Promise.all([provider.close(), expect(waiting).rejects.toThrow('closed')])
    await client.ended
    expect(provider.attempts()[0]).toMatchObject({ ending: 'stalled', clientLeftAtMs: null })
  })

  it('streams Gemini and speaks its errors', async () => {
    const body = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }
    const client = connectRaw(provider.port)
    client.send(postJson('/v1beta/models/mock:streamGenerateContent?alt=sse&key=k', body))
    const events = chunkedBody(await client.until('0\r\n\r\n'))
      .trimEnd()
      .split('\n\n')
    const parsed = events.map((event) => JSON.parse(event.slice('data: '.length)) as object)
    expect(parsed).toMatchObject([
      { candidates: [{ content: { role: 'model', parts: [{ text: 'One' }] } }] },
      { candidates: [{ content: { parts: [{ text: ' two.' }] } }] },
      {
        candidates: [{ finishReason: 'STOP' }],
        usageMetadata: { candidatesTokenCount: 2 },
        modelVersion: 'mock',
      },
    ])
    client.leave()

    const post = async (model: string, request: object): Promise<unknown> => {
      const url = `${provider.url}/v1beta/models/${model}:generateContent`
      return (await fetch(url, { method: 'POST', body: JSON.stringify(request) })).json()
    }
    expect(await post('mock', body)).toMatchObject({
      candidates: [{ content: { parts: [{ text: 'One two.' }] } }],
    })
    expect(await post('mock!rate-limit:3', body)).toMatchObject({
      error: { code: 429, status: 'RESOURCE_EXHAUSTED', details: [{ retryDelay: '3s' }] },
    })
    const tools = [{ functionDeclarations: [{ name: 'go', parameters: { type: 'OBJECT' } }] }]
    expect(await post('mock', { ...body, tools })).toMatchObject({
      candidates: [{ content: { parts: [{ functionCall: { name: 'go', args: {} } }] } }],
    })
  })

  it('knows only its models when it was given some', async () => {
    await provider.close()
    provider = await startMockProvider({ name: 'north', models: ['a'] })
    const ask = async (model: string): Promise<number> =>
      (
        await fetch(`${provider.url}/v1/chat/completions`, {
          method: 'POST',
          body: JSON.stringify({ model, messages }),
        })
      ).status
    expect(await ask('a')).toBe(200)
    expect(await ask('a!server-error')).toBe(500)
    expect(await ask('b')).toBe(404)
  })

  it('counts the modifiers of a fault in a model name from call to call', async () => {
    const ask = async (): Promise<number> => {
      const body = JSON.stringify({ model: 'm!server-error:times=1', messages })
      return (await fetch(`${provider.url}/v1/chat/completions`, { method: 'POST', body })).status
    }
    expect([await ask(), await ask()]).toEqual([500, 200])
  })
})
