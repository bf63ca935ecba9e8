import type { HttpRequest } from './http-request.ts'
import { HttpError, readRequestHead, type RequestHead } from './request-head.ts'

/** Limits of one request, in bytes. */
export interface RequestLimits {
  readonly headBytes: number
  readonly bodyBytes: number
}

export const defaultLimits: RequestLimits = { headBytes: 64 * 1024, bodyBytes: 32 * 1024 * 1024 }

/** What the bytes so far amount to. `continueWanted` is true once for each request that waits for `100 Continue`. */
export type ReadResult =
  | { readonly type: 'request'; readonly request: HttpRequest }
  | { readonly type: 'incomplete'; readonly continueWanted: boolean }

type State =
  | { readonly at: 'head' }
  | { readonly at: 'bytes'; readonly missing: number; readonly next: 'done' | 'chunk-end' }
  | { readonly at: 'chunk-size' | 'chunk-end' | 'trailers' }
  | { readonly at: 'done' }

const empty = Buffer.alloc(0)

/** Reads HTTP/1.1 requests out of bytes that arrive in pieces of any size; several may follow on one connection. */
export class RequestReader {
  readonly #limits: RequestLimits
  #pending: Buffer = empty
  #state: State = { at: 'head' }
  #head: RequestHead | null = null
  #continueOwed = false
  #body: Buffer[] = []
  #bodyBytes = 0
  #trailerBytes = 0

  constructor(limits: RequestLimits = defaultLimits) {
    this.#limits = limits
  }

  /** Bytes that were pushed and belong to no request yet. */
  get pendingBytes(): number {
    return this.#pending.length
  }

  push(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
  }

  /**
   * Takes the next whole request, if it is there.
   *
   * @throws HttpError when the bytes are not a request or exceed a limit; the connection cannot go on after that
   */
  read(): ReadResult {
    while (this.#state.at !== 'done') {
      if (!this.#advance(this.#state)) {
        const continueWanted = this.#continueOwed
        this.#continueOwed = false
        return { type: 'incomplete', continueWanted }
      }
    }
    return { type: 'request', request: this.#take() }
  }

  /** Moves one state further; false when it needs more bytes. */
  #advance(state: State): boolean {
    switch (state.at) {
      case 'head':
        return this.#readHead()
      case 'bytes':
        return this.#readBytes(state.missing, state.next)
      case 'chunk-size':
        return this.#readChunkSize()
      case 'chunk-end':
        return this.#readChunkEnd()
      case 'trailers':
        return this.#readTrailer()
      case 'done':
        return true
    }
  }

  #readHead(): boolean {
    const end = this.#pending.indexOf('\r\n\r\n')
    if (end > this.#limits.headBytes || (end < 0 && this.#pending.length > this.#limits.headBytes)) {
      throw new HttpError(431, `The request head is longer than ${this.#limits.headBytes} bytes.`)
    }
    if (end < 0) return false
    const head = readRequestHead(this.#pending.toString('latin1', 0, end))
    this.#pending = this.#pending.subarray(end + 4)
    this.#head = head
    this.#continueOwed = head.expectsContinue
    if (head.body.framing === 'chunked') this.#state = { at: 'chunk-size' }
    else this.#expectBytes(head.body.bytes, 'done')
    return true
  }

  #expectBytes(missing: number, next: 'done' | 'chunk-end'): void {
    if (this.#bodyBytes + missing > this.#limits.bodyBytes) {
      throw new HttpError(413, `The request body is longer than ${this.#limits.bodyBytes} bytes.`)
    }
    this.#state = missing === 0 ? { at: next } : { at: 'bytes', missing, next }
  }

  #readBytes(missing: number, next: 'done' | 'chunk-end'): boolean {
    const piece = this.#pending.subarray(0, missing)
    if (piece.length === 0) return false
    this.#pending = this.#pending.subarray(piece.length)
    this.#body.push(piece)
    this.#bodyBytes += piece.length
    this.#state =
      piece.length === missing ? { at: next } : { at: 'bytes', missing: missing - piece.length, next }
    return true
  }

  #readLine(limit: number): string | null {
    const end = this.#pending.indexOf('\r\n')
    if (end > limit || (end < 0 && this.#pending.length > limit)) {
      throw new HttpError(400, `A line of the chunked body is longer than ${limit} bytes.`)
    }
    if (end < 0) return null
    const line = this.#pending.toString('latin1', 0, end)
    this.#pending = this.#pending.subarray(end + 2)
    return line
  }

  #readChunkSize(): boolean {
    const line = this.#readLine(1024)
    if (line === null) return false
    const size = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(line)?.[1]
    if (size === undefined) throw new HttpError(400, `This is not a chunk size: ${JSON.stringify(line)}.`)
    if (/^0+$/.test(size)) this.#state = { at: 'trailers' }
    else this.#expectBytes(Number.parseInt(size, 16), 'chunk-end')
    return true
  }

  #readChunkEnd(): boolean {
    if (this.#pending.length < 2) return false
    if (this.#pending.toString('latin1', 0, 2) !== '\r\n') {
      throw new HttpError(400, 'A chunk is longer than its size says.')
    }
    this.#pending = this.#pending.subarray(2)
    this.#state = { at: 'chunk-size' }
    return true
  }

  #readTrailer(): boolean {
    const line = this.#readLine(this.#limits.headBytes)
    if (line === null) return false
    this.#trailerBytes += line.length
    if (this.#trailerBytes > this.#limits.headBytes) throw new HttpError(431, 'The trailers are too long.')
    if (line === '') this.#state = { at: 'done' }
    return true
  }

  #take(): HttpRequest {
    const head = this.#head
    if (head === null) throw new Error('A request is done only after its head was read.')
    const { method, path, query, headers, keepAlive } = head
    const body = Buffer.concat(this.#body)
    this.#state = { at: 'head' }
    this.#head = null
    this.#continueOwed = false
    this.#body = []
    this.#bodyBytes = 0
    this.#trailerBytes = 0
    return { method, path, query, headers, body, keepAlive }
  }
}
