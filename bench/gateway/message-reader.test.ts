import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageReader } from './message-reader.ts'

function read(pieces: readonly Buffer[]): string[] {
  const messages: string[] = []
  let message = ''
  const reader = new MessageReader({
    head: (head) => (message = `${head.split('\r\n')[0]}|`),
    body: (bytes) => (message += bytes.toString()),
    end: () => messages.push(message),
  })
  for (const piece of pieces) reader.push(piece)
  return messages
}

const WIRE = [
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\na\r\n0123456789\r\n0\r\n\r\n',
  'HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nend',
].join('')

describe('MessageReader', () => {
  it('reads the messages of a connection one after the other', () => {
    expect(read([Buffer.from(WIRE)])).toEqual([
      'HTTP/1.1 200 OK|hello',
      'HTTP/1.1 200 OK|one0123456789',
      'HTTP/1.1 204 No Content|',
      'HTTP/1.1 200 OK|end',
    ])
  })

  it('reads the same however the bytes are split', () => {
    const whole = read([Buffer.from(WIRE)])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: WIRE.length }), { maxLength: 40 }), (cuts) => {
        const points = [0, ...cuts.sort((a, b) => a - b), WIRE.length]
        const pieces = points.slice(1).map((end, index) => Buffer.from(WIRE.slice(points[index], end)))
        expect(read(pieces)).toEqual(whole)
      }),
    )
  })
})
