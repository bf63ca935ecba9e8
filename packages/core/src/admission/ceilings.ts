import type { Criticality } from './criticality.ts'

/** Up to which share of the limit each class may fill a server. The last fifth is for critical requests alone. */
export const CEILINGS: Readonly<Record<Criticality, number>> = {
  critical: 1,
  interactive: 0.8,
  background: 0.7,
  bulk: 0.6,
}

/** However low the limit, one request of each class fits into an empty server. */
export const roomFor = (ceiling: number, limit: number): number => Math.max(1, ceiling * limit)
