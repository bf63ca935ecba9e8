import type { AnswerStore } from './answer-store.ts'
import type { CachePolicy, CacheUse } from './cache-use.ts'
import { KvStore } from './kv-store.ts'
import { MemoryStore } from './memory-store.ts'
import { Purges } from './purges.ts'
import type { StoredAnswer } from './stored-answer.ts'

/** No request waits longer than this for KV. */
const PATIENCE_MS = 50

/** What was found for a call. */
export interface Found {
  /** The newest answer that came in time, fresh or not. */
  readonly answer: StoredAnswer | null
  /** The newest by now, less what was purged in the meantime: for when everything else has failed. */
  readonly newest: () => Promise<StoredAnswer | null>
}

export interface ShelfOptions {
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
}

export const isFresh = ({ givenAt }: StoredAnswer, { freshMs }: CachePolicy, now: number): boolean =>
  now < givenAt + freshMs

/** Stored answers: in this isolate's memory first, then in KV, as far as no purge has taken them away. */
export class Shelf {
  readonly purges: Purges
  readonly #now: () => number
  readonly #sleep: (ms: number) => Promise<void>
  readonly #memory: MemoryStore
  /** The platform hands over the same binding with every request. */
  readonly #stores = new WeakMap<KVNamespace, KvStore>()

  constructor({ now, sleep }: ShelfOptions) {
    this.#now = now
    this.#sleep = sleep
    this.#memory = new MemoryStore(now)
    this.purges = new Purges(now)
  }

  async find(key: string, use: CacheUse): Promise<Found> {
    const { namespace, policy } = use
    const here = this.here(key, use)
    const newest = async (): Promise<StoredAnswer | null> =>
      this.here(key, use) ?? (namespace === null ? null : this.#readInTime(key, use, namespace))
    if (namespace === null || (here !== null && isFresh(here, policy, this.#now())))
      return { answer: here, newest }
    return { answer: (await this.#readInTime(key, use, namespace)) ?? here, newest }
  }

  /** What this isolate has in its memory. */
  here(key: string, use: CacheUse): StoredAnswer | null {
    const purgedAt = this.purges.known(use.tenant, use.namespace)
    return purgedAt === null ? null : this.#standing(this.#memory.peek(key), purgedAt, use)
  }

  /** Keeps an answer, here at once and in KV behind the request's back. */
  keep(key: string, answer: StoredAnswer, { policy, namespace, waitUntil }: CacheUse): void {
    for (const store of [this.#memory, ...this.#durable(namespace)]) {
      waitUntil(store.put(key, answer, policy.staleMs))
    }
  }

  #readInTime(key: string, use: CacheUse, namespace: KVNamespace): Promise<StoredAnswer | null> {
    const reading = this.#read(key, use, namespace)
    // What comes too late for this request is in memory for the next, and for this one should it fail.
    use.waitUntil(reading)
    return Promise.race([reading, this.#sleep(PATIENCE_MS).then(() => null)])
  }

  async #read(key: string, use: CacheUse, namespace: KVNamespace): Promise<StoredAnswer | null> {
    const { tenant, policy } = use
    const [purgedAt, ...stored] = await Promise.all([
      this.purges.known(tenant, namespace) ?? this.purges.read(tenant, namespace),
      ...this.#durable(namespace).map((store) => store.get(key)),
    ])
    if (purgedAt === null) return null
    const held = this.#memory.peek(key)
    const [newest] = [held, ...stored]
      .flatMap((answer) => this.#standing(answer, purgedAt, use) ?? [])
      .sort((one, other) => other.givenAt - one.givenAt)
    if (newest === undefined) return null
    const restMs = newest.givenAt + policy.staleMs - this.#now()
    if (newest !== held) await this.#memory.put(key, newest, restMs)
    return newest
  }

  /** An answer that was neither purged nor is too old for everything. */
  #standing(answer: StoredAnswer | null, purgedAt: number, { policy }: CacheUse): StoredAnswer | null {
    if (answer === null || answer.askedAt <= purgedAt) return null
    return this.#now() - answer.givenAt < policy.staleMs ? answer : null
  }

  #durable(namespace: KVNamespace | null): AnswerStore[] {
    if (namespace === null) return []
    const store = this.#stores.get(namespace) ?? new KvStore(namespace, this.#now)
    this.#stores.set(namespace, store)
    return [store]
  }
}
