/** A connection to the inspector of one isolate of workerd. https://chromedevtools.github.io/devtools-protocol/v8/ */
export class Inspector {
  readonly #socket: WebSocket
  readonly #listeners = new Map<string, (params: unknown) => void>()
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #asked = 0

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const { id, method, params, result, error } = JSON.parse(String(data)) as {
        id?: number
        method?: string
        params?: unknown
        result?: unknown
        error?: { message: string }
      }
      if (method !== undefined) this.#listeners.get(method)?.(params)
      const waiting = this.#waiting.get(id ?? -1)
      if (waiting === undefined) return
      this.#waiting.delete(id ?? -1)
      if (error === undefined) waiting.resolve(result)
      else waiting.reject(new Error(`workerd's inspector: ${error.message}`))
    })
  }

  /** @param worker the name of a service that workerd was configured with */
  static async connect(port: number, worker: string): Promise<Inspector> {
    const listed = await fetch(`http://127.0.0.1:${port}/json`)
    const targets = (await listed.json()) as { id: string; webSocketDebuggerUrl: string }[]
    const target = targets.find(({ id }) => id.includes(worker))
    if (target === undefined) throw new Error(`workerd has no isolate named ${worker} to inspect.`)
    const socket = new WebSocket(target.webSocketDebuggerUrl)
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true })
      socket.addEventListener('error', reject, { once: true })
    })
    return new Inspector(socket)
  }

  call<T>(method: string, params: object = {}): Promise<T> {
    this.#asked += 1
    const answer = Promise.withResolvers<unknown>()
    this.#waiting.set(this.#asked, answer)
    this.#socket.send(JSON.stringify({ id: this.#asked, method, params }))
    return answer.promise as Promise<T>
  }

  /** Takes what the isolate tells by itself; the latest listener of an event counts. */
  listen(event: string, listener: (params: unknown) => void): void {
    this.#listeners.set(event, listener)
  }

  close(): void {
    this.#socket.close()
  }
}
