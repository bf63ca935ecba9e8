/** Takes the pieces of HTTP/1.1 messages as they come. */
export interface MessageSink {
  /** Start line and headers, without the blank line. */
  readonly head: (head: string) => void
  readonly body: (bytes: Buffer) => void
  readonly end: () => void
}

type State = 'head' | 'sized' | 'chunk-size' | 'chunk-data' | 'trailer'

const NOTHING = Buffer.alloc(0)

/**
 * Splits a connection's bytes into HTTP/1.1 messages, one after the other. It knows both framings, `content-length` and
 * `chunked`, and nothing else: whatever is measured here keeps its connections. https://www.rfc-editor.org/rfc/rfc9112
 */
export class MessageReader {
  readonly #sink: MessageSink
  #state: State = 'head'
  #rest: Buffer = NOTHING
  /** Bytes that are left of the body or the chunk. */
  #left = 0

  constructor(sink: MessageSink) {
    this.#sink = sink
  }

  push(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    let at = 0
    while (at < all.length || this.#state === 'sized') {
      const next = this.#step(all, at)
      if (next === null) break
      at = next
    }
    this.#rest = at === all.length ? NOTHING : all.subarray(at)
  }

  /** Where the next step begins, or null where it takes more bytes to go on. */
  #step(all: Buffer, at: number): number | null {
    switch (this.#state) {
      case 'head':
        return this.#readHead(all, at)
      case 'sized':
        return this.#readSized(all, at)
      case 'chunk-size':
        return this.#readChunkSize(all, at)
      case 'chunk-data':
        return this.#readChunk(all, at)
      case 'trailer':
        return this.#readTrailer(all, at)
    }
  }

  #readHead(all: Buffer, at: number): number | null {
    const end = all.indexOf('\r\n\r\n', at)
    if (end === -1) return null
    const head = all.toString('latin1', at, end)
    this.#sink.head(head)
    this.#left = Number(/\r\ncontent-length: *(\d+)/iu.exec(head)?.[1] ?? 0)
    this.#state = /\r\ntransfer-encoding: *chunked/iu.test(head) ? 'chunk-size' : 'sized'
    return end + 4
  }

  #readSized(all: Buffer, at: number): number | null {
    const taken = Math.min(this.#left, all.length - at)
    if (taken > 0) this.#sink.body(all.subarray(at, at + taken))
    this.#left -= taken
    if (this.#left > 0) return taken === 0 ? null : at + taken
    this.#end()
    return at + taken
  }

  #readChunkSize(all: Buffer, at: number): number | null {
    const end = all.indexOf('\r\n', at)
    if (end === -1) return null
    this.#left = Number.parseInt(all.toString('latin1', at, end), 16)
    this.#state = this.#left === 0 ? 'trailer' : 'chunk-data'
    return end + 2
  }

  #readChunk(all: Buffer, at: number): number | null {
    const taken = Math.min(this.#left, all.length - at)
    if (taken > 0) this.#sink.body(all.subarray(at, at + taken))
    this.#left -= taken
    if (this.#left > 0) return taken === 0 ? null : at + taken
    // The line end of the chunk is taken with it.
    if (all.length < at + taken + 2) return taken === 0 ? null : at + taken
    this.#state = 'chunk-size'
    return at + taken + 2
  }

  #readTrailer(all: Buffer, at: number): number | null {
    const end = all.indexOf('\r\n', at)
    if (end === -1) return null
    if (end === at) this.#end()
    return end + 2
  }

  #end(): void {
    this.#state = 'head'
    this.#sink.end()
  }
}
