import type { StreamEvent } from '../wire/part.ts'
import type { ReplayMemory } from './replay-memory.ts'

/** One answer's text beyond this is not kept: then it can't be taken up by another provider. */
const LONGEST = 262_144

/** What a caller has been sent of an answer, as far as it matters for going on with it. */
export class Said {
  readonly #memory: ReplayMemory
  readonly #share: ReturnType<ReplayMemory['open']>
  #pieces: string[] = []
  #isTooMuch = false
  #isTextAlone = true

  /** @param until when the answer is over at the latest, in epoch ms */
  constructor(memory: ReplayMemory, until: number) {
    this.#memory = memory
    this.#share = memory.open(until)
  }

  read(events: readonly StreamEvent[], now: number): void {
    for (const { parts } of events)
      for (const part of parts)
        if (part.kind === 'text') this.#keep(part.text, now)
        else if (part.kind === 'tool-call' || part.kind === 'tool-input' || part.kind === 'other')
          this.#isTextAlone = false
  }

  /** The text; null where there is more to the answer, such as a call of a tool, or too much of it. */
  get text(): string | null {
    return this.#isTextAlone && !this.#isTooMuch ? this.#pieces.join('') : null
  }

  close(): void {
    this.#pieces = []
    this.#memory.close(this.#share)
  }

  #keep(text: string, now: number): void {
    if (this.#isTooMuch) return
    this.#isTooMuch =
      this.#share.length + text.length > LONGEST || !this.#memory.take(this.#share, text.length, now)
    if (this.#isTooMuch) this.close()
    else this.#pieces.push(text)
  }
}
