import type { Script } from '../script/script.ts'
import type { FaultContext } from './define-fault.ts'
import { definitionOf, type PlayableFault } from './fault.ts'

/** Decides, attempt by attempt, which of some faults apply, by their modifiers. */
export class FaultSchedule {
  readonly #entries: readonly Entry[]
  readonly #startedAtMs: number

  /** @param nowMs - when the faults were set, on the clock that `take` uses */
  constructor(faults: readonly PlayableFault[], nowMs: number) {
    this.#entries = faults.map((fault) => ({ fault, candidates: 0, applied: 0 }))
    this.#startedAtMs = nowMs
  }

  /** The faults for an attempt that starts now. Counts it for `times` and `everyNth`. */
  take(context: FaultContext, nowMs: number): readonly PlayableFault[] {
    const elapsedMs = nowMs - this.#startedAtMs
    return this.#entries.filter((entry) => admits(entry, context, elapsedMs)).map(({ fault }) => fault)
  }
}

interface Entry {
  readonly fault: PlayableFault
  candidates: number
  applied: number
}

function admits(entry: Entry, context: FaultContext, elapsedMs: number): boolean {
  const { fault } = entry
  const { times, forMs, models, everyNth, flap } = fault
  if (definitionOf(fault.kind)?.appliesTo?.(context) === false) return false
  if (models !== undefined && !models.includes(context.context.model)) return false
  if (forMs !== undefined && elapsedMs >= forMs) return false
  if (flap !== undefined && elapsedMs % (flap.downMs + flap.upMs) >= flap.downMs) return false
  entry.candidates += 1
  if (everyNth !== undefined && entry.candidates % everyNth !== 0) return false
  if (times !== undefined && entry.applied >= times) return false
  entry.applied += 1
  return true
}

/** Rewrites a healthy script by each fault in turn. */
export function spoil(script: Script, faults: readonly PlayableFault[], context: FaultContext): Script {
  return faults.reduce(
    (spoilt, fault) => definitionOf(fault.kind)?.rewrite(spoilt, fault, context) ?? spoilt,
    script,
  )
}
