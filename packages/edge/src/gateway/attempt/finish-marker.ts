import { isOutput, type Part } from '../wire/part.ts'

/**
 * Whether a stream has said that it is finished, and whether that can be believed: some servers put a finish reason
 * on every chunk, so words that come after a marker take it back.
 */
export class FinishMarker {
  #stands = false
  #contradicted = false

  read(parts: readonly Part[]): void {
    for (const part of parts) {
      if (part.kind === 'finish') this.#stands = true
      else if (this.#stands && isOutput(part)) {
        this.#stands = false
        this.#contradicted = true
      }
    }
  }

  get stands(): boolean {
    return this.#stands
  }

  /** Once a marker has been wrong, only the end of the stream itself proves the next one. */
  get contradicted(): boolean {
    return this.#contradicted
  }
}
