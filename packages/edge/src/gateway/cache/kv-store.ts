import type { AnswerStore } from './answer-store.ts'
import { readAnswer, spellAnswer, type StoredAnswer } from './stored-answer.ts'

/** KV takes no shorter time than this. https://developers.cloudflare.com/kv/api/write-key-value-pairs/ */
const SHORTEST_TTL_S = 60
/** KV takes one write a second to a key. https://developers.cloudflare.com/kv/platform/limits/ */
const WRITE_EVERY_MS = 1_000
const MOST_REMEMBERED = 10_000

/** Answers of all isolates, in Workers KV: what one has written the others see after a minute or so. */
export class KvStore implements AnswerStore {
  readonly #namespace: KVNamespace
  readonly #now: () => number
  readonly #writtenAt = new Map<string, number>()

  constructor(namespace: KVNamespace, now: () => number) {
    this.#namespace = namespace
    this.#now = now
  }

  async get(key: string): Promise<StoredAnswer | null> {
    try {
      const text = await this.#namespace.get(nameOf(key), 'text')
      return text === null ? null : readAnswer(text)
    } catch {
      // Without the store a request goes its way.
      return null
    }
  }

  async put(key: string, answer: StoredAnswer, keepMs: number): Promise<void> {
    const now = this.#now()
    // The answer that is there is a second old at most: it serves as well.
    if (now < (this.#writtenAt.get(key) ?? -Infinity) + WRITE_EVERY_MS) return
    if (this.#writtenAt.size >= MOST_REMEMBERED) this.#writtenAt.clear()
    this.#writtenAt.set(key, now)
    const expirationTtl = Math.max(SHORTEST_TTL_S, Math.ceil(keepMs / 1_000))
    await this.#namespace.put(nameOf(key), spellAnswer(answer), { expirationTtl }).catch(() => undefined)
  }
}

const nameOf = (key: string): string => `answer:${key}`
