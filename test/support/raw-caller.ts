import { connect } from 'node:net'
import type { ClientWire } from './ask.ts'
import type { Stack } from './stack.ts'

/** A caller on a bare socket, who can leave in the ways that sockets have. */
export interface RawCaller {
  /** By a reset, as when a process dies or unread words are thrown away; or by a word of goodbye alone (FIN). */
  leave(how: 'reset' | 'fin'): void
}

/** Asks for a stream, and comes back with its first event. */
export async function callRaw(stack: Stack, client: ClientWire, model: string): Promise<RawCaller> {
  const { hostname, port } = new URL(stack.url)
  const socket = connect(Number(port), hostname)
  const body = JSON.stringify({
    model,
    stream: true,
    max_tokens: 100,
    messages: [{ role: 'user', content: 'hello' }],
  })
  const head = [
    `POST ${client === 'openai' ? '/v1/chat/completions' : '/v1/messages'} HTTP/1.1`,
    `host: ${hostname}`,
    'content-type: application/json',
    `authorization: Bearer ${stack.key}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  await new Promise<void>((resolve, reject) => {
    let received = ''
    socket.on('data', (bytes) => {
      received += String(bytes)
      if (received.includes('data: ')) resolve()
    })
    socket.on('error', reject)
  })
  return {
    leave(how) {
      if (how === 'reset') socket.resetAndDestroy()
      else socket.destroy()
    },
  }
}
