import type { StoredAnswer } from './stored-answer.ts'

/** Where answers are kept. Both calls are best effort: they never throw, and an answer may be gone at any time. */
export interface AnswerStore {
  /** The answer under a key, maybe not the newest; null where there is none, or none that could be read. */
  get(key: string): Promise<StoredAnswer | null>
  /**
   * @param keepMs for how long it is of use; it may be there for longer
   */
  put(key: string, answer: StoredAnswer, keepMs: number): Promise<void>
}
