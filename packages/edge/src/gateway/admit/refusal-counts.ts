import type { Criticality } from '@paceline/core'
import type { ProblemCode } from '../problem.ts'

/** One line tells of everybody who was turned away in such a time: under a flood, a line for each would be another. */
const TELL_EVERY_MS = 10_000

export interface RefusalCount {
  readonly byClass: Readonly<Record<Criticality, number>>
  readonly byCode: Readonly<Record<string, number>>
  /** Since the first of them, in ms. */
  readonly overMs: number
}

/** Counts who was turned away, by class and by reason. */
export class RefusalCounts {
  readonly #tell: (count: RefusalCount) => void
  #byClass = noRefusals()
  #byCode: Record<string, number> = {}
  #since = 0
  #toldAt = -Infinity

  constructor(tell: (count: RefusalCount) => void) {
    this.#tell = tell
  }

  note(criticality: Criticality, code: ProblemCode, now: number): void {
    if (this.#isEmpty) this.#since = now
    this.#byClass[criticality] += 1
    this.#byCode[code] = (this.#byCode[code] ?? 0) + 1
  }

  /** Tells what there is, if it is time. Every request asks, so that the last ones of a flood are told, too. */
  tellIfDue(now: number): void {
    if (this.#isEmpty || now - this.#toldAt < TELL_EVERY_MS) return
    const count = { byClass: this.#byClass, byCode: this.#byCode, overMs: now - this.#since }
    this.#byClass = noRefusals()
    this.#byCode = {}
    this.#toldAt = now
    this.#tell(count)
  }

  get #isEmpty(): boolean {
    return Object.keys(this.#byCode).length === 0
  }
}

const noRefusals = (): Record<Criticality, number> => ({
  critical: 0,
  interactive: 0,
  background: 0,
  bulk: 0,
})
