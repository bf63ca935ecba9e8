/** Time and chance, so that tests can hold both in their hands. */
export interface Clock {
  /** Monotonic, in ms. Every age and every wait is measured by it. */
  now(): number
  /** Epoch ms: for what outlives the process, and for people. */
  epochNow(): number
  /** From 0 up to, but not including, 1. */
  random(): number
  /** Runs once after a wait in ms, without keeping the process alive. What it returns calls it off. */
  after(waitMs: number, run: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  epochNow: () => Date.now(),
  random: () => Math.random(),
  after(waitMs, run) {
    const timer = setTimeout(run, waitMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** A wait spread evenly over ± a share of itself, so that a fleet that started together doesn't call together. */
export const spread = (waitMs: number, share: number, clock: Pick<Clock, 'random'>): number =>
  waitMs * (1 - share + 2 * share * clock.random())

/**
 * A wait drawn evenly below a ceiling that doubles with every attempt, in ms: "full jitter".
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param attempt 1 for the first wait
 */
export const fullJitter = (
  attempt: number,
  { firstMs, longestMs }: { readonly firstMs: number; readonly longestMs: number },
  clock: Pick<Clock, 'random'>,
): number => clock.random() * Math.min(longestMs, firstMs * 2 ** (attempt - 1))
