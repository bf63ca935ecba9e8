import type { AnswerStore } from './answer-store.ts'
import { weightOf, type StoredAnswer } from './stored-answer.ts'

export interface MemoryLimits {
  readonly entries: number
  readonly bytes: number
}

const LIMITS: MemoryLimits = { entries: 2_000, bytes: 16_777_216 }

interface Entry {
  readonly answer: StoredAnswer
  readonly bytes: number
  readonly keptUntil: number
}

/** Answers in the memory of one isolate. When it is full, those go first that nobody has asked for the longest. */
export class MemoryStore implements AnswerStore {
  readonly #now: () => number
  readonly #limits: MemoryLimits
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  constructor(now: () => number, limits = LIMITS) {
    this.#now = now
    this.#limits = limits
  }

  get(key: string): Promise<StoredAnswer | null> {
    return Promise.resolve(this.peek(key))
  }

  /** The same at once, for those who can't let anything happen in between. */
  peek(key: string): StoredAnswer | null {
    const entry = this.#entries.get(key)
    if (entry === undefined) return null
    this.#remove(key, entry)
    if (entry.keptUntil <= this.#now()) return null
    this.#add(key, entry)
    return entry.answer
  }

  put(key: string, answer: StoredAnswer, keepMs: number): Promise<void> {
    const old = this.#entries.get(key)
    if (old !== undefined) this.#remove(key, old)
    const bytes = weightOf(answer) + ENTRY_BYTES
    if (bytes <= this.#limits.bytes) this.#add(key, { answer, bytes, keptUntil: this.#now() + keepMs })
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#limits.bytes && this.#entries.size <= this.#limits.entries) break
      this.#remove(oldest, entry)
    }
    return Promise.resolve()
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry)
    this.#bytes += entry.bytes
  }

  #remove(key: string, { bytes }: Entry): void {
    this.#entries.delete(key)
    this.#bytes -= bytes
  }
}

/** What an entry takes besides its answer. */
const ENTRY_BYTES = 512
