import type { Socket } from 'node:net'
import { STATUS_CODES } from 'node:http'

/** How the client learns where the body ends. */
export type BodyFraming = { readonly contentLength: number } | 'chunked'

export type Headers = Readonly<Record<string, string>>

/** Why nobody listens any more. */
export type Leaving = 'client-left' | 'server-closed'

/**
 * The answer to one request, byte by byte. Every promise settles when the kernel took the bytes (so a slow reader
 * holds the writer back) or when the connection is gone; none rejects.
 */
export class Exchange {
  readonly #socket: Socket
  readonly #leaving = new AbortController()
  #keepsAlive: boolean
  #chunked = false
  #missingBytes = 0
  #headSent = false

  constructor(socket: Socket, keepAlive: boolean) {
    this.#socket = socket
    this.#keepsAlive = keepAlive
  }

  /** Aborted, with a `Leaving` as its reason, when the client or the server closes the connection. */
  get left(): AbortSignal {
    return this.#leaving.signal
  }

  get headSent(): boolean {
    return this.#headSent
  }

  /** False when the connection must not serve another request. */
  get keepsAlive(): boolean {
    return this.#keepsAlive && this.#missingBytes === 0
  }

  leave(reason: Leaving): void {
    this.#leaving.abort(reason)
  }

  async sendHead(status: number, headers: Headers, framing: BodyFraming): Promise<void> {
    this.#headSent = true
    this.#chunked = framing === 'chunked'
    this.#missingBytes = framing === 'chunked' ? 0 : framing.contentLength
    const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`]
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
    lines.push(`date: ${new Date().toUTCString()}`)
    if (framing === 'chunked') lines.push('transfer-encoding: chunked')
    else if (status !== 204) lines.push(`content-length: ${framing.contentLength}`)
    lines.push(`connection: ${this.#keepsAlive ? 'keep-alive' : 'close'}`)
    await this.#write(`${lines.join('\r\n')}\r\n\r\n`)
  }

  /** Sends body bytes as one TCP write and, if the body is chunked, one HTTP chunk. */
  async sendBody(bytes: Uint8Array): Promise<void> {
    // An empty chunk would end the body.
    if (bytes.length === 0) return
    if (!this.#chunked) {
      this.#missingBytes -= bytes.length
      await this.#write(bytes)
      return
    }
    await this.#write(
      Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]),
    )
  }

  /** Ends the body as HTTP wants it. */
  async end(): Promise<void> {
    if (this.#chunked) await this.#write('0\r\n\r\n')
  }

  /** Closes the connection in order (FIN), whatever was promised. */
  close(): void {
    this.#keepsAlive = false
    this.#socket.end()
  }

  /** Closes the connection with a reset (RST). */
  reset(): void {
    this.#keepsAlive = false
    this.#socket.resetAndDestroy()
  }

  #write(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#socket.writable) resolve()
      else this.#socket.write(data, () => resolve())
    })
  }
}
