import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readBody, type Body, type BodyLimits } from './read-body.ts'

const limitsOf = (bodyBytes: number): BodyLimits => ({ bodyBytes, bodyMs: 30_000 })
const JSON_TYPE = { 'content-type': 'application/json' }

const read = (body: string, headers: Record<string, string> = JSON_TYPE, limit = 100_000): Promise<Body> =>
  readBody(new Request('https://g.test', { method: 'POST', headers, body }), limitsOf(limit))

/** A body that comes in these pieces, without a length. */
function readPieces(pieces: readonly string[], limit: number): Promise<Body> {
  const rest = pieces.map((piece) => new TextEncoder().encode(piece))
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = rest.shift()
      if (piece === undefined) controller.close()
      else controller.enqueue(piece)
    },
  })
  const init = { method: 'POST', headers: JSON_TYPE, body, duplex: 'half' }
  return readBody(new Request('https://g.test', init), limitsOf(limit))
}

const nested = (levels: number, open = '[', close = ']'): string => open.repeat(levels) + close.repeat(levels)
/** An object of which so many levels nest, itself included. */
const deep = (levels: number): string => `{"a":${nested(levels - 1)}}`

describe('reading a body', () => {
  it('takes a JSON object', async () => {
    expect(await read('{"a":[1]}')).toEqual({ ok: true, value: { a: [1] }, bytes: 9 })
    expect(await readPieces(['{"a":', '[1]}'], 100)).toEqual({ ok: true, value: { a: [1] }, bytes: 9 })
  })

  it.each<[string, Record<string, string>, number, string]>([
    ['{}', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['', JSON_TYPE, 400, 'invalid_request'],
    ['{', JSON_TYPE, 400, 'invalid_json'],
    ['[]', JSON_TYPE, 400, 'invalid_request'],
    ['null', JSON_TYPE, 400, 'invalid_request'],
    ['"text"', JSON_TYPE, 400, 'invalid_request'],
  ])('refuses %j under %j', async (body, headers, status, code) => {
    expect(await read(body, headers)).toMatchObject({ ok: false, problem: { status, code } })
  })

  it('refuses what is larger than the limit, whether its length was declared or not', async () => {
    const body = JSON.stringify({ a: 'x'.repeat(92) })
    expect(body).toHaveLength(100)
    const declared = { ...JSON_TYPE, 'content-length': '100' }
    expect(await read(body, declared, 100)).toMatchObject({ ok: true })
    expect(await read(body, declared, 99)).toMatchObject({ problem: { status: 413, code: 'body_too_large' } })
    expect(await readPieces([body.slice(0, 50), body.slice(50)], 100)).toMatchObject({ ok: true })
    expect(await readPieces([body.slice(0, 50), body.slice(50)], 99)).toMatchObject({
      problem: { status: 413 },
    })
  })
})

describe('a body that nests', () => {
  const refused = { ok: false, problem: { status: 400, code: 'invalid_request' } }

  it('is taken at five hundred levels, and refused at one more', async () => {
    expect(await read(deep(500))).toMatchObject({ ok: true })
    expect(await read(deep(501))).toMatchObject(refused)
    expect(await read(nested(500, '{"a":', '}').replace('{"a":}', '{}'))).toMatchObject({ ok: true })
    expect(await read(nested(501, '{"a":', '}').replace('{"a":}', '{}'))).toMatchObject(refused)
  })

  it('is refused where lists and objects only nest that deep together', async () => {
    const pair = (levels: number): string => `${'{"a":['.repeat(levels)}${']}'.repeat(levels)}`
    expect(await read(pair(250))).toMatchObject({ ok: true })
    expect(await read(pair(251))).toMatchObject(refused)
  })

  it('is refused long before it outgrows a stack', async () => {
    expect(await read('[{"a":'.repeat(100_000), JSON_TYPE, 1_000_000)).toMatchObject(refused)
  })

  it('is taken however many brackets stand side by side', async () => {
    const flat = JSON.stringify({ a: Array.from({ length: 5_000 }, () => [{}]) })
    expect(await read(flat)).toMatchObject({ ok: true })
  })

  it.each([
    ['brackets', '[{'.repeat(1_000)],
    ['escaped quotes before brackets', '\\"[{'.repeat(1_000)],
    ['escaped backslashes and quotes before brackets', '\\\\\\"[{'.repeat(1_000)],
    ['escaped characters before brackets', '\\u0022\\n[{'.repeat(1_000)],
  ])('is not taken for deep because a text holds %s', async (_, text) => {
    expect(await read(`{"a":"${text}","b":1}`)).toMatchObject({ ok: true, value: { b: 1 } })
  })

  it.each([
    ['a text that ends in an escaped backslash', '"\\\\"'],
    ['a text of closing brackets', `"${']}'.repeat(1_000)}"`],
    ['a text with an escaped quote', '"\\""'],
  ])('is taken for as deep as it is after %s', async (_, text) => {
    expect(await read(`{"a":${text},"b":${nested(500)}}`)).toMatchObject(refused)
    expect(await read(`{"a":${text},"b":${nested(499)}}`)).toMatchObject({ ok: true })
  })
})

describe('a body that trickles', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  /** A byte of an object each second, `seconds` of them. */
  function trickle(seconds: number, contentLength: boolean): Request {
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        const text = `{"a":"${'x'.repeat(seconds - 8)}"}`
        for (const byte of new TextEncoder().encode(text)) {
          await new Promise((resolve) => setTimeout(resolve, 1_000))
          controller.enqueue(Uint8Array.of(byte))
        }
        controller.close()
      },
    })
    const headers = contentLength ? { ...JSON_TYPE, 'content-length': String(seconds) } : JSON_TYPE
    const init = { method: 'POST', headers, body, duplex: 'half' }
    return new Request('https://g.test', init)
  }

  it.each([true, false])(
    'is refused when its time is up (its length is given: %s)',
    async (contentLength) => {
      const reading = readBody(trickle(60, contentLength), limitsOf(100))
      await vi.advanceTimersByTimeAsync(29_999)
      let settled = false
      void reading.then(() => (settled = true))
      await vi.advanceTimersByTimeAsync(0)
      expect(settled).toBe(false)
      await vi.advanceTimersByTimeAsync(1)
      expect(await reading).toMatchObject({ ok: false, problem: { status: 408, code: 'body_too_slow' } })
    },
  )

  it('is taken where it arrives in time, and leaves no timer behind', async () => {
    const reading = readBody(trickle(29, true), limitsOf(100))
    await vi.advanceTimersByTimeAsync(29_000)
    expect(await reading).toMatchObject({ ok: true })
    expect(vi.getTimerCount()).toBe(0)
  })
})
