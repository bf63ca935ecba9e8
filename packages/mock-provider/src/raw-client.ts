import { connect } from 'node:net'

/** A TCP connection of a test: sends bytes as they are and keeps what comes back. */
export interface RawClient {
  send(bytes: string | Buffer): void
  /** All that was received, once it contains `text`; rejects when the connection ends without it. */
  until(text: string): Promise<string>
  /** How the other side ended the connection. */
  readonly ended: Promise<'fin' | 'reset'>
  received(): string
  receivedBytes(): Buffer
  /** Stops reading, as a slow reader does. */
  pause(): void
  /** Leaves without a word. */
  leave(): void
}

export function connectRaw(port: number): RawClient {
  const socket = connect({ port, host: '127.0.0.1' })
  const pieces: Buffer[] = []
  const receivedBytes = (): Buffer => Buffer.concat(pieces)
  const received = (): string => receivedBytes().toString()
  const ended = new Promise<'fin' | 'reset'>((resolve) => {
    socket.on('end', () => resolve('fin'))
    socket.on('error', () => resolve('reset'))
  })
  socket.on('data', (bytes) => pieces.push(bytes))
  return {
    send: (bytes) => void socket.write(bytes),
    until: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!received().includes(text)) return
          socket.off('data', look)
          resolve(received())
        }
        socket.on('data', look)
        socket.on('close', () => reject(new Error(`Ended without ${JSON.stringify(text)}: ${received()}`)))
        look()
      }),
    ended,
    received,
    receivedBytes,
    pause: () => void socket.pause(),
    leave: () => void socket.destroy(),
  }
}

/** A POST request with a JSON body, as bytes on the wire. */
export function postJson(
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): string {
  const json = JSON.stringify(body)
  const lines = Object.entries({ host: 'localhost', 'content-type': 'application/json', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}content-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`
}

/** The chunks of a chunked response, as far as they came. */
export function readChunks(response: Buffer): readonly Buffer[] {
  const chunks: Buffer[] = []
  let at = response.indexOf('\r\n\r\n') + 4
  while (at < response.length) {
    const lineEnd = response.indexOf('\r\n', at)
    const size = Number.parseInt(response.toString('latin1', at, lineEnd), 16)
    if (lineEnd < 0 || size === 0) break
    chunks.push(response.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
  return chunks
}

/** The body of a chunked response, as far as it came, without its chunk framing. */
export function chunkedBody(response: string): string {
  return Buffer.concat(readChunks(Buffer.from(response))).toString()
}
