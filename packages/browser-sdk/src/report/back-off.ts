const LONGEST_MS = 300_000

/**
 * Exponential with full jitter.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param failures in a row, 1 for the first
 * @param random from 0 to 1
 */
export const backOffMs = (failures: number, baseMs: number, random: number): number =>
  random * Math.min(LONGEST_MS, baseMs * 2 ** failures)
