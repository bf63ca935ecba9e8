import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { Fault } from './fault/fault.ts'
import { startMockProvider, type MockProvider } from './mock-provider.ts'
import { chunkedBody, connectRaw, postJson, readChunks, type RawClient } from './raw-client.ts'

const messages = [{ role: 'user', content: 'hi' }]
const close = { connection: 'close' }

let provider: MockProvider
beforeEach(async () => {
  provider = await startMockProvider({ name: 'north', texts: ['One two three four five.'] })
})
afterEach(() => provider.close())

/** Asks under a fault, and hands back the connection. */
function ask(fault: Fault | readonly Fault[], fields: object = { stream: true }): RawClient {
  provider.setFault(fault)
  const client = connectRaw(provider.port)
  client.send(postJson('/v1/chat/completions', { model: 'm', messages, ...fields }, close))
  return client
}

/** Everything that a fault lets through, and how the connection ended. */
async function whole(
  fault: Fault | readonly Fault[],
  fields?: object,
): Promise<{ text: string; end: string }> {
  const client = ask(fault, fields)
  const end = await client.ended
  return { text: client.received(), end }
}

const logged = (): Promise<{
  ending: string
  tokensSent: number
  fault: string | null
  status: number | null
}> => provider.waitForAttempt(({ ending }) => ending !== 'open')

const words = (text: string): readonly unknown[] =>
  [...text.matchAll(/"content":"( ?\w+\.?)"/g)].map(([, word]) => word)

describe('a healthy answer', () => {
  it('streams role, words, finish reason, usage and [DONE]', async () => {
    const { text } = await whole([], { stream: true, stream_options: { include_usage: true } })
    expect(words(text)).toEqual(['One', ' two', ' three', ' four', ' five.'])
    const events = chunkedBody(text).trimEnd().split('\n\n')
    expect(events).toHaveLength(9)
    expect(events[0]).toContain('"role":"assistant","content":""')
    expect(events[6]).toContain('"finish_reason":"stop"')
    expect(events[7]).toContain('"choices":[],"usage":{"prompt_tokens":')
    expect(events[8]).toBe('data: [DONE]')
    expect(await logged()).toMatchObject({ ending: 'complete', tokensSent: 5, fault: null, status: 200 })
  })
})

describe('refusals', () => {
  it.each([
    [{ kind: 'rate-limit', retryAfterS: 7 }, 429, 'rate_limit_exceeded'],
    [{ kind: 'server-error' }, 500, 'server_error'],
    [{ kind: 'unavailable', retryAfterS: 7 }, 503, 'server_error'],
    [{ kind: 'overloaded' }, 529, 'overloaded'],
    [{ kind: 'auth' }, 401, 'invalid_api_key'],
    [{ kind: 'context-length' }, 400, 'context_length_exceeded'],
    [{ kind: 'content-policy' }, 400, 'content_policy_violation'],
  ] as const)('%j', async (fault, status, word) => {
    const { text } = await whole(fault)
    expect(text.startsWith(`HTTP/1.1 ${status} `)).toBe(true)
    expect(text).toContain(word)
    expect(text.includes('retry-after: 7\r\n')).toBe('retryAfterS' in fault)
    expect(await logged()).toMatchObject({ ending: 'error', fault: fault.kind, status })
  })

  it('refuse a prefill only where there is one', async () => {
    const prefill = [...messages, { role: 'assistant', content: 'One two' }]
    expect((await whole({ kind: 'prefill-refused' }, { messages: prefill })).text).toContain('HTTP/1.1 400 ')
    expect((await whole({ kind: 'prefill-refused' })).text).toContain('HTTP/1.1 200 ')
  })
})

describe('silence', () => {
  it.each([
    ['accept', true, /^$/, null],
    ['accept', false, /^$/, null],
    ['headers', true, /\r\n\r\n$/, 200],
    ['headers', false, /content-length: \d+\r\nconnection: close\r\n\r\n$/, 200],
    ['role', true, /"role":"assistant".*\n\n\r\n$/, 200],
  ] as const)('after %s (stream: %s)', async (after, stream, received, status) => {
    const client = ask({ kind: 'silence', after }, { stream })
    expect(await logged()).toMatchObject({ ending: 'stalled', tokensSent: 0, status })
    const marks = { accept: '', headers: '\r\n\r\n', role: '\n\n\r\n' }
    expect(await client.until(marks[after])).toMatch(received)
    client.leave()
    const left = await provider.waitForAttempt(({ clientLeftAtMs }) => clientLeftAtMs !== null)
    expect(left).toMatchObject({ ending: 'stalled', endedAtMs: left.clientLeftAtMs })
  })

  it('sends keep-alive comments, and blank lines where nothing streams', async () => {
    const fault = { kind: 'silence', after: 'comments', everyMs: 1 } as const
    const streaming = ask(fault)
    const body = chunkedBody(await streaming.until(': keep-alive\n\n\r\ne\r\n: keep-alive\n\n'))
    expect(body).toMatch(/^data: .*"role".*\n\n: keep-alive\n\n: keep-alive\n\n/)
    expect(words(body)).toEqual([])
    const plain = ask(fault, { stream: false })
    expect(chunkedBody(await plain.until('\n\r\n1\r\n\n'))).toMatch(/^\n+$/)
    streaming.leave()
    plain.leave()
  })

  it('stalls after so many tokens', async () => {
    const client = ask({ kind: 'stall', afterTokens: 2 })
    expect(words(await client.until('" two"'))).toEqual(['One', ' two'])
    expect(await logged()).toMatchObject({ ending: 'stalled', tokensSent: 2 })
    const plain = ask({ kind: 'stall', afterTokens: 3 }, { stream: false })
    const [head = '', body = ''] = (await plain.until('{"id"')).split('\r\n\r\n')
    const promised = Number(/content-length: (\d+)/.exec(head)?.[1])
    expect(body.length).toBe(Math.floor((promised * 3) / 5))
  })
})

describe('cuts', () => {
  it('resets before it sends a byte', async () => {
    expect(await whole({ kind: 'reset' })).toEqual({ text: '', end: 'reset' })
    expect(await logged()).toMatchObject({ ending: 'reset', status: null })
  })

  it.each([
    ['reset', 'reset', 'reset'],
    ['close', 'fin', 'cut'],
    ['end', 'fin', 'cut'],
  ] as const)('breaks off by %s after so many tokens', async (by, seen, ending) => {
    const { text, end } = await whole({ kind: 'cut', afterTokens: 3, by })
    expect(words(text)).toEqual(['One', ' two', ' three'])
    expect(text).not.toContain('"finish_reason":"stop"')
    expect(end).toBe(seen)
    expect(text.endsWith('\r\n0\r\n\r\n')).toBe(by === 'end')
    expect(await logged()).toMatchObject({ ending, tokensSent: 3 })
  })

  it('always comes before the finish reason', async () => {
    const { text } = await whole({ kind: 'cut', afterTokens: 99, by: 'end' })
    expect(words(text)).toHaveLength(5)
    expect(text).not.toContain('"finish_reason":"stop"')
  })

  it.each(['reset', 'close', 'end'] as const)('breaks a promised body by %s', async (by) => {
    const { text } = await whole({ kind: 'cut', afterTokens: 99, by }, { stream: false })
    const [head = '', body = ''] = text.split('\r\n\r\n')
    const promised = Number(/content-length: (\d+)/.exec(head)?.[1])
    expect(body.length).toBe(promised - 1)
  })

  it('breaks off inside a tool call', async () => {
    const parameters = {
      type: 'object',
      properties: { text: { const: 'long enough for pieces' } },
      required: ['text'],
    }
    const tools = [{ type: 'function', function: { name: 'write', parameters } }]
    const { text } = await whole({ kind: 'cut-in-tool-call' }, { stream: true, tools })
    expect(text).toContain('"name":"write","arguments":""')
    expect(text).not.toContain('finish_reason":"tool_calls"')
    expect(chunkedBody(text)).toMatch(/data: \{"id"[^\n]*$/)
  })
})

describe('errors inside a 200', () => {
  it('come as the first event, or in mid-stream', async () => {
    const first = chunkedBody((await whole({ kind: 'in-band-error' })).text)
    expect(first).toMatch(/^data: \{"error":\{[^\n]*\n\n$/)
    const { text } = await whole({ kind: 'in-band-error', afterTokens: 2 })
    expect(words(text)).toEqual(['One', ' two'])
    expect(chunkedBody(text)).toMatch(/\ndata: \{"error":\{[^\n]*\n\n$/)
    expect(await logged()).toMatchObject({ ending: 'error', status: 200 })
  })

  it('come as the body where nothing streams', async () => {
    const { text } = await whole({ kind: 'in-band-error', error: 'overloaded' }, { stream: false })
    expect(text).toMatch(/^HTTP\/1.1 200 .*\r\n\r\n\{"error":\{"message":"Overloaded/s)
  })

  it('break the JSON of one event and go on', async () => {
    const { text } = await whole({ kind: 'malformed', afterTokens: 1 })
    expect(words(text)).toEqual(['One', ' three', ' four', ' five.'])
    const broken = chunkedBody(text).split('\n\n')[2]?.slice('data: '.length) ?? ''
    expect(() => JSON.parse(broken) as unknown).toThrow(SyntaxError)
  })

  it('leave out [DONE]', async () => {
    const { text } = await whole({ kind: 'missing-terminator' })
    expect(text).toContain('"finish_reason":"stop"')
    expect(text).not.toContain('[DONE]')
  })
})

describe('framing', () => {
  it.each([
    ['crlf', '\r\n'],
    ['cr', '\r'],
  ] as const)('ends lines with %s', async (end, lineEnd) => {
    const body = chunkedBody((await whole({ kind: 'line-ends', end })).text)
    expect(body.endsWith(`data: [DONE]${lineEnd}${lineEnd}`)).toBe(true)
    expect(body.replaceAll(lineEnd, '')).not.toMatch(/[\r\n]/)
  })

  it('splits the body into pieces of any size, inside characters too', async () => {
    provider.configure({ texts: ['Güiro 🚴 über'] })
    const client = ask({ kind: 'split', bytes: 1 })
    await client.ended
    const chunks = readChunks(client.receivedBytes())
    expect(new Set(chunks.map((chunk) => chunk.length))).toEqual(new Set([1]))
    expect(Buffer.concat(chunks).toString()).toContain('🚴')
    expect(Buffer.concat(chunks).toString()).toMatch(/data: \[DONE\]\n\n$/)
  })

  it('splits once, at one byte', async () => {
    const { text } = await whole({ kind: 'split', at: 3 })
    expect(text).toContain('\r\n\r\n3\r\ndat\r\n')
  })

  it('claims an encoding that the body does not have', async () => {
    const { text } = await whole({ kind: 'content-encoding' })
    expect(text).toContain('content-encoding: gzip\r\n')
    expect(words(text)).toHaveLength(5)
  })

  it.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ] as const)('compresses with %s', async (encoding, decode) => {
    const client = ask({ kind: 'content-encoding', encoding, body: 'compressed' }, { stream: false })
    await client.ended
    const body = Buffer.concat(readChunks(client.receivedBytes()))
    expect(decode(body).toString()).toContain('One two three four five.')
  })

  it('makes one event huge', async () => {
    const body = chunkedBody((await whole({ kind: 'huge-event', bytes: 100_000 })).text)
    const lengths = body.split('\n\n').map((event) => event.length)
    expect(lengths.filter((length) => length > 100_000)).toHaveLength(1)
    expect(words(body)).toHaveLength(5)
  })

  it.each([
    ['comments', ': keep-alive\n\n: keep-alive\n\n'],
    ['comment', 'xxxxxxxx'],
    ['line', 'xxxxxxxx'],
    ['lines', 'data: x\ndata: x\n'],
    ['empty-tokens', '"delta":{"content":""}'],
    ['after-finish', '"finish_reason":"stop"'],
  ] as const)('sends %s without end, as long as somebody reads', async (of, text) => {
    const client = ask({ kind: 'endless', of, afterTokens: 5 })
    await client.until(text)
    client.leave()
    const left = await provider.waitForAttempt(({ clientLeftAtMs }) => clientLeftAtMs !== null)
    expect(left).toMatchObject({ ending: 'stalled', tokensSent: 5 })
    expect(left.bytesSent).toBeGreaterThan(60_000)
  })

  it('reports usage with the finish reason', async () => {
    const fields = { stream: true, stream_options: { include_usage: true } }
    const { text } = await whole({ kind: 'usage-in-last-chunk' }, fields)
    const events = chunkedBody(text).trimEnd().split('\n\n')
    expect(events.at(-2)).toMatch(/"finish_reason":"stop".*"usage":\{"prompt_tokens"/)
    expect(text).not.toContain('"choices":[]')
  })
})

describe('the log', () => {
  it('tells what an attempt had to say, and how much of it went out', async () => {
    await whole({ kind: 'cut', afterTokens: 2, by: 'end' })
    const { pieces, tokensSent, bytesSent } = await provider.waitForAttempt(({ ending }) => ending === 'cut')
    expect(pieces).toEqual(['One', ' two', ' three', ' four', ' five.'])
    expect(pieces.slice(0, tokensSent).join('')).toBe('One two')
    expect(bytesSent).toBeGreaterThan(100)
  })

  it('has nothing to say for a refusal by its own', async () => {
    provider.configure({ prefill: 'refuse' })
    await whole([], { messages: [...messages, { role: 'assistant', content: 'One' }] })
    expect(await provider.waitForAttempt(({ ending }) => ending === 'error')).toMatchObject({ pieces: [] })
  })
})

describe('faults together', () => {
  it('apply in their order', async () => {
    const { text } = await whole([
      { kind: 'rate-limit', times: 1 },
      { kind: 'split', bytes: 5 },
      { kind: 'cut', afterTokens: 1, by: 'end' },
    ])
    expect(text).toContain('HTTP/1.1 429 ')
    const second = connectRaw(provider.port)
    second.send(postJson('/v1/chat/completions', { model: 'm', messages, stream: true }, close))
    await second.ended
    expect(words(chunkedBody(second.received()))).toEqual(['One'])
    expect(await logged()).toMatchObject({ fault: 'split+cut' })
  })
})
