import { fullJitter, spread, type Clock } from '../clock.ts'
import { authorization, type EdgeAddress } from './edge-client.ts'

export interface SocketEvents {
  onDocument(text: string): void
  /** Whether directives arrive by themselves now. */
  onConnected(isConnected: boolean): void
}

export const SOCKET = {
  /** First and longest ceiling of the wait before the next attempt. */
  reconnect: { firstMs: 1_000, longestMs: 30_000 },
  /** A connection that opens and breaks at once must not start again from the shortest wait. */
  steadyAfterMs: 10_000,
  pingEveryMs: 20_000,
  /** To the upgrade, and to a ping: a silent connection looks like a quiet one, only an answer tells them apart. */
  answerWithinMs: 10_000,
} as const

/** The connection on which the edge says what is new the moment that it is. It is opened again for as long as it takes. */
export class EdgeSocket {
  readonly #address: EdgeAddress
  readonly #clock: Clock
  readonly #events: SocketEvents
  #socket: WebSocket | null = null
  #openedAt: number | null = null
  #heardAt = 0
  #attempts = 0
  #cancelTimer: () => void = () => undefined
  #isClosed = false

  constructor(address: EdgeAddress, clock: Clock, events: SocketEvents) {
    this.#address = address
    this.#clock = clock
    this.#events = events
  }

  get isConnected(): boolean {
    return this.#openedAt !== null
  }

  connect(): void {
    if (this.#isClosed) return
    const url = new URL('/directives/socket', this.#address.url)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(url, { headers: authorization(this.#address) })
    this.#socket = socket
    this.#attempts += 1
    socket.addEventListener('open', () => this.#opened(socket))
    socket.addEventListener('message', ({ data }) => this.#heard(socket, data))
    socket.addEventListener('error', () => this.#lost(socket))
    socket.addEventListener('close', () => this.#lost(socket))
    this.#again(SOCKET.answerWithinMs, () => this.#lost(socket))
  }

  close(): void {
    this.#isClosed = true
    this.#cancelTimer()
    const socket = this.#socket
    this.#socket = null
    this.#openedAt = null
    socket?.close()
  }

  #opened(socket: WebSocket): void {
    if (socket !== this.#socket) return
    this.#openedAt = this.#clock.now()
    this.#events.onConnected(true)
    this.#pingLater(socket)
  }

  #heard(socket: WebSocket, data: unknown): void {
    if (socket !== this.#socket) return
    this.#heardAt = this.#clock.now()
    if (data !== 'pong') this.#events.onDocument(typeof data === 'string' ? data : '')
  }

  #pingLater(socket: WebSocket): void {
    this.#again(spread(SOCKET.pingEveryMs, 0.2, this.#clock), () => {
      const askedAt = this.#clock.now()
      socket.send('ping')
      this.#again(SOCKET.answerWithinMs, () => {
        if (this.#heardAt >= askedAt) this.#pingLater(socket)
        else this.#lost(socket)
      })
    })
  }

  /** A failed connection tells of its end more than once; the first time counts. */
  #lost(socket: WebSocket): void {
    if (socket !== this.#socket) return
    this.#socket = null
    socket.close()
    const wasOpen = this.#openedAt !== null
    if (this.#openedAt !== null && this.#clock.now() - this.#openedAt >= SOCKET.steadyAfterMs)
      this.#attempts = 0
    this.#openedAt = null
    this.#again(fullJitter(Math.max(1, this.#attempts), SOCKET.reconnect, this.#clock), () => this.connect())
    if (wasOpen) this.#events.onConnected(false)
  }

  #again(waitMs: number, run: () => void): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#clock.after(waitMs, run)
  }
}
