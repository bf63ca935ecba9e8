import type { Failure } from '@paceline/core'
import type { PartStream, StreamEvent } from '../wire/part.ts'
import type { Account, StreamEncoder } from '../wire/wire.ts'

/** Turns the events of an answer into the text of the caller's format, up to its complete or incomplete end. */
export class StreamWriter {
  readonly #encoder: StreamEncoder
  readonly #account: () => Account

  /** @param account asked at the end, when it is known what became of the answer */
  constructor(encoder: StreamEncoder, account: () => Account) {
    this.#encoder = encoder
    this.#account = account
  }

  /**
   * The next text to send, and how the answer ends with it; null while it goes on. Batches that say nothing are passed
   * over, since an empty pull would wait for ever.
   */
  async next(events: PartStream): Promise<{ text: string; ending: Account['answer'] | null }> {
    for (;;) {
      const step = await events.next()
      if (step.done === true) {
        const account = this.#account()
        return { text: this.#encoder.complete(account), ending: account.answer }
      }
      const { text, failure } = this.#write(step.value)
      if (failure !== null) {
        const end = this.#encoder.incomplete(failure, { ...this.#account(), answer: 'incomplete' })
        return { text: text + end, ending: 'incomplete' }
      }
      if (text !== '') return { text, ending: null }
    }
  }

  #write(batch: readonly StreamEvent[]): { text: string; failure: Failure | null } {
    let text = ''
    for (const event of batch) {
      const broken = event.parts.find((part) => part.kind === 'error')
      if (broken !== undefined) return { text, failure: broken.failure }
      text += this.#encoder.encode(event)
    }
    return { text, failure: null }
  }
}
