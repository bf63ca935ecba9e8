/** Below this a second attempt would race ordinary jitter. */
const FLOOR_MS = 100

/**
 * How long an attempt may keep its silence before a second one starts elsewhere: as long as 19 of 20 of its own answers
 * took while it was well. The quantile of the slow moment would rise with it, and put hedging off just when it is needed.
 * Dean and Barroso, "The Tail at Scale" (2013), https://research.google/pubs/the-tail-at-scale/
 *
 * @param healthyP95Ms null where it is not known yet
 * @param targetMs what counts as late there
 */
export const hedgeAfterMs = (healthyP95Ms: number | null, targetMs: number): number =>
  Math.max(healthyP95Ms ?? targetMs, FLOOR_MS)
