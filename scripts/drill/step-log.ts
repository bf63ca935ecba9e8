import { clock } from './until.ts'

/** Something that happened, in ms since the drill began. */
export interface Step {
  readonly name: string
  readonly atMs: number
  /** What to know about it, in a few words. */
  readonly note: string
}

/** The steps of a drill as they come, in ms since it began. */
export class StepLog {
  readonly #steps: Step[] = []
  readonly #onStep: (step: Step) => void
  #zero = clock()

  /** @param onStep told of each step as it is noticed, which need not be in the order of their instants */
  constructor(onStep: (step: Step) => void = () => undefined) {
    this.#onStep = onStep
  }

  /** In the order in which they happened. */
  get steps(): readonly Step[] {
    return this.#steps.toSorted((a, b) => a.atMs - b.atMs)
  }

  /** From here on, instants are counted from now. */
  begin(): number {
    this.#zero = clock()
    return this.#zero
  }

  add(name: string, note: string, at = clock()): void {
    const step = { name, atMs: Math.round((at - this.#zero) * 10) / 10, note }
    this.#steps.push(step)
    this.#onStep(step)
  }
}
