import { CEILINGS, CRITICALITIES, type Criticality } from '@paceline/core'

/**
 * Who is turned away first. Every request has a level: its class, and a lot within the class, so that a class can be
 * admitted in part. Once a second the cut goes to the level below which the last second's demand would have fitted.
 * After the overload control of WeChat, https://dl.acm.org/doi/10.1145/3267809.3267823
 */
export const LEVELS_PER_CLASS = 16
export const LEVELS = LEVELS_PER_CLASS * CRITICALITIES.length

/** How far the cut may rise in one second: what was turned away comes back in parts, not as a wave. */
const RISE = LEVELS_PER_CLASS / 2

/** @param lot from 0 up to, but not including, 1 */
export const levelOf = (criticality: Criticality, lot: number): number =>
  CRITICALITIES.indexOf(criticality) * LEVELS_PER_CLASS + Math.floor(lot * LEVELS_PER_CLASS)

/**
 * The cut for the next second. Requests at or above it are turned away.
 *
 * @param arrivals of the last second, by level
 * @param offered their load, admitted or not, as a share of the limit
 */
export function nextCut(cut: number, arrivals: readonly number[], offered: number): number {
  const target = offered > CEILINGS.interactive ? quantile(arrivals, CEILINGS.interactive / offered) : LEVELS
  // Critical requests meet the limit itself, never the cut.
  return Math.max(LEVELS_PER_CLASS, Math.min(target, cut + RISE))
}

/** The level below which this share of the arrivals lies, the most critical counted first. */
function quantile(arrivals: readonly number[], share: number): number {
  const room = share * arrivals.reduce((sum, count) => sum + count, 0)
  let counted = 0
  for (const [level, count] of arrivals.entries()) {
    counted += count
    if (counted > room) return level
  }
  return LEVELS
}
