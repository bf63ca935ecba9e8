import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** The server's half of one WebSocket, as far as these tests need it. https://www.rfc-editor.org/rfc/rfc6455 */
export interface ServerSocket {
  send(text: string): void
  /** Breaks off without a word. */
  destroy(): void
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const TEXT = 0x1
const CLOSE = 0x8

/** Answers an upgrade. @param onText what the client says */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Socket,
  onText: (text: string) => void,
): ServerSocket {
  const key = request.headers['sec-websocket-key'] ?? ''
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64')
  socket.on('error', () => socket.destroy())
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  let unread = Buffer.alloc(0)
  socket.on('data', (part: Buffer) => {
    unread = Buffer.concat([unread, part])
    // Clients here send short masked frames only: two bytes of head, four of mask, then the payload.
    while (unread.length >= 6 && unread.length >= 6 + lengthOf(unread)) {
      const end = 6 + lengthOf(unread)
      const mask = unread.subarray(2, 6)
      const payload = unread.subarray(6, end).map((byte, index) => byte ^ (mask[index % 4] ?? 0))
      const kind = (unread[0] ?? 0) & 0x0f
      unread = unread.subarray(end)
      if (kind === TEXT) onText(Buffer.from(payload).toString())
      if (kind === CLOSE) socket.end(frame(CLOSE, Buffer.from(payload)))
    }
  })
  return {
    send: (text) => void socket.write(frame(TEXT, Buffer.from(text))),
    destroy: () => void socket.destroy(),
  }
}

const lengthOf = (head: Buffer): number => (head[1] ?? 0) & 0x7f

function frame(kind: number, payload: Buffer): Buffer {
  const head =
    payload.length < 126
      ? Buffer.from([0x80 | kind, payload.length])
      : Buffer.from([0x80 | kind, 126, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([head, payload])
}
