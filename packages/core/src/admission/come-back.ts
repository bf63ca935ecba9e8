/** Why a request is turned away that nothing is wrong with. */
export type ShedCause = 'overloaded' | 'not-essential'

/** Shortest and longest wait, in seconds: a load passes sooner than an emergency. */
const WAITS: Readonly<Record<ShedCause, readonly [number, number]>> = {
  overloaded: [1, 5],
  'not-essential': [10, 30],
}

/**
 * When to come back, in whole seconds, each caller at another time: told the same, they would come back as a wave.
 *
 * @param lot from 0 up to, but not including, 1
 */
export function comeBackAfterS(cause: ShedCause, lot: number): number {
  const [shortest, longest] = WAITS[cause]
  return shortest + Math.floor(lot * (longest - shortest + 1))
}
