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

export function recordDrift({ score }: Drift, { count, late }: Summary, policy: DriftPolicy): Drift {
  const { usualLate, faultyLate, proof } = policy
  const forLate = Math.log(faultyLate / usualLate)
  const forTimely = Math.log((1 - faultyLate) / (1 - usualLate))
  const next = score + late * forLate + (count - late) * forTimely
  return { score: Math.min(Math.max(next, 0), LID * proof) }
}

export const isProven = ({ score }: Drift, { proof }: DriftPolicy): boolean => score >= proof
