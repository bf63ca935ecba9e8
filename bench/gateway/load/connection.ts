import { connect, type Socket } from 'node:net'
import { MessageReader } from '../message-reader.ts'

/** What a client hears of one answer. */
export interface Listener {
  readonly head?: (head: string) => void
  readonly body?: (bytes: Buffer) => void
  readonly end: () => void
  /** The connection broke before the answer was whole. */
  readonly broken: (why: string) => void
}

/**
 * One connection that asks one thing at a time and is kept for the next. Bare sockets, because the client shares its
 * processor with the upstream: what it costs is taken from nobody's result, as long as it is little and the same for all.
 */
export class Connection {
  readonly #socket: Socket
  #listener: Listener | null = null

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const reader = new MessageReader({
      head: (head) => this.#listener?.head?.(head),
      body: (bytes) => this.#listener?.body?.(bytes),
      end: () => {
        const listener = this.#listener
        this.#listener = null
        listener?.end()
      },
    })
    this.#socket.on('data', (bytes) => reader.push(bytes))
    this.#socket.on('error', (error) => this.#break(error.message))
    this.#socket.on('close', () => this.#break('the connection was closed'))
  }

  get isUsable(): boolean {
    return !this.#socket.destroyed && this.#socket.writable && this.#listener === null
  }

  ask(request: Buffer, listener: Listener): void {
    this.#listener = listener
    this.#socket.write(request)
  }

  close(): void {
    this.#listener = null
    this.#socket.destroy()
  }

  #break(why: string): void {
    const listener = this.#listener
    this.#listener = null
    this.#socket.destroy()
    listener?.broken(why)
  }
}
