import type { Summary } from '../../summary.ts'

/**
 * A sequential test of "too many are late" against "as many as usual": the sum of log likelihood ratios, never below
 * zero. It adds up evidence over any number of requests and decides as soon as there is enough of it.
 * E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954).
 */
export interface Drift {
  /** Natural logarithm of the odds for a fault, since it last looked as usual. */
  readonly score: number
}

export interface DriftPolicy {
  /** The part of late ones that is usual, and the one that is a fault; 0 to 1, the second higher. */
  readonly usualLate: number
  readonly faultyLate: number
  /** The score that proves a fault. */
  readonly proof: number
}

export const NO_DRIFT: Drift = { score: 0 }

/** Beyond the proof a score tells nothing more; without a lid it would take as long to fall as it took to rise. */
const LID = 1.5

export function recordDrift(
  { score }: Drift,
  { count, late, suffix }: Summary,
  { usualLate, faultyLate, proof }: DriftPolicy,
): Drift {
  const forLate = Math.log(faultyLate / usualLate)
  const forTimely = Math.log((1 - faultyLate) / (1 - usualLate))
  const sum = score + times(late, forLate) + times(count - late, forTimely)
  // Nothing timely stands among the last in a row: the timely ones before them can't speak against them.
  const next = Math.max(sum, times(suffix, forLate), 0)
  return { score: Math.min(next, LID * proof) }
}

/** Nothing seen says nothing, however much it would say. */
const times = (count: number, weight: number): number => (count === 0 ? 0 : count * weight)

export const isProven = ({ score }: Drift, { proof }: DriftPolicy): boolean => score >= proof
