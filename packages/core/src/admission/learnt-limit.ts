import {
  adjustLimit,
  GRADIENT,
  initialLimit,
  type ConcurrencyLimit,
  type LimitBounds,
} from './concurrency-limit.ts'

/** A concurrency limit, and what has been measured since it was last adjusted. */
export interface LearntLimit {
  readonly learnt: ConcurrencyLimit
  readonly sumMs: number
  readonly samples: number
  readonly peakInFlight: number
}

const NOTHING_MEASURED = { sumMs: 0, samples: 0, peakInFlight: 0 }

export const newLimit = (bounds: LimitBounds): LearntLimit => ({
  learnt: initialLimit(bounds),
  ...NOTHING_MEASURED,
})

/**
 * The limit after one more time to first byte, adjusted whenever a window is full.
 *
 * @param inFlight how many were in flight beside it, itself included
 */
export function learn(limit: LearntLimit, ms: number, inFlight: number, bounds: LimitBounds): LearntLimit {
  const sumMs = limit.sumMs + ms
  const samples = limit.samples + 1
  const peakInFlight = Math.max(limit.peakInFlight, inFlight)
  if (samples < GRADIENT.samplesPerWindow) return { ...limit, sumMs, samples, peakInFlight }
  // A clock of coarse ticks may read 0, and nothing can be compared with that.
  const meanMs = Math.max(0.001, sumMs / samples)
  return { learnt: adjustLimit(limit.learnt, { meanMs, peakInFlight }, bounds), ...NOTHING_MEASURED }
}
