/**
 * How many requests the server can work on at once, learnt from how long they take to answer: Gradient2 of Netflix's
 * concurrency-limits. Where recent times rise above the long-time average, requests are queueing somewhere, and the
 * limit goes down by that ratio; else it goes up by the length of a small queue.
 * In one thing it differs: under a lasting overload, Gradient2 takes its own queue for the new normal little by little,
 * and lets in ever more. Here a busy server believes longer times ten times more slowly.
 * https://github.com/Netflix/concurrency-limits/blob/main/concurrency-limits-core/src/main/java/com/netflix/concurrency/limits/limit/Gradient2Limit.java
 */
export interface ConcurrencyLimit {
  readonly limit: number
  /** Average time to first byte over the long run, in ms; 0 before the first window. */
  readonly longMs: number
  /** Windows so far. */
  readonly windows: number
}

export interface LimitBounds {
  readonly initial: number
  readonly min: number
  readonly max: number
}

/** What the requests of one window took. */
export interface LimitWindow {
  /** Mean time to first byte, in ms. */
  readonly meanMs: number
  /** The most requests that were in flight at once. */
  readonly peakInFlight: number
}

export const GRADIENT = {
  smoothing: 0.2,
  longWindow: 600,
  warmUp: 10,
  queue: 4,
  lowest: 0.5,
  /** Times may rise by half over the long run before they count as queueing. */
  tolerance: 1.5,
  samplesPerWindow: 50,
  /** How fast the long run learns of longer times from a server that is busy, compared with one that is not. */
  busyLearning: 0.1,
} as const

export const initialLimit = ({ initial }: LimitBounds): ConcurrencyLimit => ({
  limit: initial,
  longMs: 0,
  windows: 0,
})

export function adjustLimit(
  { limit, longMs, windows }: ConcurrencyLimit,
  { meanMs, peakInFlight }: LimitWindow,
  { min, max }: LimitBounds,
): ConcurrencyLimit {
  // A server with little to do learns nothing about how much it could do, and all about how long things take.
  const isBusy = peakInFlight >= limit / 2
  const average = longMs + (meanMs - longMs) * weightOf(windows, isBusy && meanMs > longMs)
  // After a long slowness the average would take hours to come back down, and hide the next one until then.
  const long = average / meanMs > 2 ? average * 0.95 : average
  const next = { longMs: long, windows: windows + 1 }
  if (!isBusy) return { limit, ...next }
  const gradient = Math.max(GRADIENT.lowest, Math.min(1, (GRADIENT.tolerance * long) / meanMs))
  const target = limit * gradient + GRADIENT.queue
  const smoothed = limit + GRADIENT.smoothing * (target - limit)
  return { limit: Math.max(min, Math.min(max, smoothed)), ...next }
}

/** The plain mean at first, then one that forgets exponentially. */
function weightOf(windows: number, isDoubtful: boolean): number {
  if (windows < GRADIENT.warmUp) return 1 / (windows + 1)
  return (isDoubtful ? GRADIENT.busyLearning : 1) * (2 / (GRADIENT.longWindow + 1))
}
