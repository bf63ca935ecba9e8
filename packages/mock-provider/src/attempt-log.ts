import type { WireId } from './wire/wire.ts'

/** How an attempt ended: `open` until it does. `stalled` when it fell silent and waits for the client to leave. */
export type Ending = 'open' | 'complete' | 'error' | 'cut' | 'stalled' | 'reset' | 'client-left'

/** One model call, as the provider saw it. Instants are milliseconds since the provider started, on a clock that only goes forward. */
export interface Attempt {
  /** Unique; part of every id in the response. */
  readonly id: string
  /** Counts from 1 and is never reset. */
  readonly number: number
  readonly wire: WireId
  /** As the caller wrote it, with its fault suffix; '' when the request had none. */
  readonly model: string
  readonly stream: boolean
  readonly path: string
  readonly receivedAtMs: number
  readonly headersAtMs: number | null
  readonly firstTokenAtMs: number | null
  /** When the provider had sent its last byte, or the connection was gone. Null while it goes on or is stalled. */
  readonly endedAtMs: number | null
  readonly tokensSent: number
  /** What the answer is made of, token by token; the first `tokensSent` of them went out. Empty for a refusal. */
  readonly pieces: readonly string[]
  /** Bytes of the body that went out, to within a megabyte while it goes on. */
  readonly bytesSent: number
  /** The kinds of the faults that applied, joined by `+`; null when it was healthy. */
  readonly fault: string | null
  readonly ending: Ending
  /** When the client closed the connection before the answer was over. */
  readonly clientLeftAtMs: number | null
  readonly status: number | null
  /** Credentials are replaced by `[redacted]`. */
  readonly requestHeaders: Readonly<Record<string, string>>
  readonly keyAccepted: boolean
  /** Parsed JSON; the text itself when it was not JSON; its size in words when it was over 64 KiB. */
  readonly requestBody: unknown
}

/** Attempts are never changed in place, so that whoever read one keeps what they read. */
interface Entry {
  attempt: Attempt
}

interface Waiter {
  readonly predicate: (attempt: Attempt) => boolean
  readonly resolve: (attempt: Attempt) => void
  readonly reject: (error: Error) => void
}

const capacity = 10_000

/** The last 10,000 attempts, and whoever waits for one. */
export class AttemptLog {
  #entries: Entry[] = []
  readonly #waiters = new Set<Waiter>()

  all(): readonly Attempt[] {
    return this.#entries.slice(-capacity).map(({ attempt }) => attempt)
  }

  clear(): void {
    this.#entries = []
  }

  /** Adds an attempt and returns the way to change it. */
  open(attempt: Attempt): (change: Partial<Attempt>) => void {
    const entry: Entry = { attempt }
    // Dropped in bulk, so that a long run doesn't shift the array for each attempt.
    if (this.#entries.length >= capacity * 1.1) this.#entries = this.#entries.slice(1 - capacity)
    this.#entries.push(entry)
    this.#tell(attempt)
    return (change) => {
      entry.attempt = { ...entry.attempt, ...change }
      this.#tell(entry.attempt)
    }
  }

  /** The newest attempt for which the predicate holds, now or as soon as one does. */
  find(predicate: (attempt: Attempt) => boolean, timeoutMs: number): Promise<Attempt> {
    const found = this.#entries.findLast(({ attempt }) => predicate(attempt))
    return found === undefined ? this.next(predicate, timeoutMs) : Promise.resolve(found.attempt)
  }

  /** The first attempt for which the predicate holds after a change from now on. */
  next(predicate: (attempt: Attempt) => boolean, timeoutMs: number): Promise<Attempt> {
    const { promise, resolve, reject } = Promise.withResolvers<Attempt>()
    const waiter: Waiter = { predicate, resolve, reject }
    const timer = setTimeout(() => {
      const last = this.#entries.at(-1)?.attempt
      const seen =
        last === undefined ? 'none came' : `the last of ${this.#entries.length} is ${JSON.stringify(last)}`
      reject(new Error(`No attempt met the condition within ${timeoutMs} ms; ${seen}.`))
    }, timeoutMs)
    this.#waiters.add(waiter)
    return promise.finally(() => {
      clearTimeout(timer)
      this.#waiters.delete(waiter)
    })
  }

  /** Nobody needs to wait any longer. */
  close(): void {
    for (const { reject } of this.#waiters) reject(new Error('The mock provider was closed.'))
  }

  #tell(attempt: Attempt): void {
    for (const waiter of this.#waiters) {
      if (waiter.predicate(attempt)) waiter.resolve(attempt)
    }
  }
}
