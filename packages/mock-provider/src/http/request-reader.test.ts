import { describe, expect, it } from 'vitest'
import { HttpError } from './request-head.ts'
import { RequestReader } from './request-reader.ts'

const sized = 'POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nh\u00e9llo'
const chunked =
  'POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2;ext=1\r\nhe\r\n0003\r\nllo\r\n0\r\ntrailer: 1\r\n\r\n'

function readAll(bytes: Buffer, pieceBytes = bytes.length): readonly string[] {
  const reader = new RequestReader()
  const found: string[] = []
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    reader.push(bytes.subarray(at, at + pieceBytes))
    for (let result = reader.read(); result.type === 'request'; result = reader.read()) {
      found.push(`${result.request.method} ${result.request.path} ${result.request.body.toString('latin1')}`)
    }
  }
  return found
}

function refusal(text: string): number {
  const reader = new RequestReader({ headBytes: 200, bodyBytes: 10 })
  try {
    reader.push(Buffer.from(text, 'latin1'))
    reader.read()
  } catch (error) {
    if (error instanceof HttpError) return error.status
    throw error
  }
  return 200
}

describe('RequestReader', () => {
  it('reads requests that follow each other, split at any byte', () => {
    const bytes = Buffer.from(sized + chunked + sized, 'latin1')
    for (const pieceBytes of [1, 2, 3, 7, 50, bytes.length]) {
      expect(readAll(bytes, pieceBytes)).toEqual([
        'POST /a h\u00e9llo',
        'POST /a hello',
        'POST /a h\u00e9llo',
      ])
    }
  })

  it('asks once for a body that waits for 100 Continue', () => {
    const reader = new RequestReader()
    reader.push(
      Buffer.from('POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n'),
    )
    expect(reader.read()).toEqual({ type: 'incomplete', continueWanted: true })
    expect(reader.read()).toEqual({ type: 'incomplete', continueWanted: false })
    reader.push(Buffer.from('ok'))
    expect(reader.read()).toMatchObject({ type: 'request' })
  })

  it.each([
    [400, 'nonsense\r\n\r\n'],
    [505, 'GET / HTTP/1.0\r\nhost: x\r\n\r\n'],
    [400, 'GET http://x/ HTTP/1.1\r\nhost: x\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nhost: x\r\n folded: y\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nhost: x\r\nname : y\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nhost: x\r\na: b\nc: d\r\n\r\n'],
    [400, 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: +5\r\n\r\n'],
    [400, 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n'],
    [501, 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n'],
    [400, 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nx\r\n'],
    [400, 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabc\r\n'],
    [413, 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 11\r\n\r\n'],
    [413, 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n'],
    [417, 'POST / HTTP/1.1\r\nhost: x\r\nexpect: miracles\r\n\r\n'],
    [431, `GET / HTTP/1.1\r\nhost: x\r\na: ${'b'.repeat(300)}`],
  ])('refuses with %i: %j', (status, text) => {
    expect(refusal(text)).toBe(status)
  })
})
