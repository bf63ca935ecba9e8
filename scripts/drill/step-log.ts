import type { Step } from './incident.ts'
import { clock } from './until.ts'

/** The steps of a drill as they come, in ms since it began. */
export class StepLog {
  readonly steps: Step[] = []
  readonly #onStep: (step: Step) => void
  #zero = clock()

  constructor(onStep: (step: Step) => void) {
    this.#onStep = onStep
  }

  /** From here on, instants are counted from now. */
  begin(): number {
    this.#zero = clock()
    return this.#zero
  }

  add(name: string, note: string, at = clock()): void {
    const step = { name, atMs: Math.round((at - this.#zero) * 10) / 10, note }
    this.steps.push(step)
    this.#onStep(step)
  }
}
