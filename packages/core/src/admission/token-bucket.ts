/** How many a second in the long run, and how many at once. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** Plain numbers, filled by the time that has passed: nothing has to be given back. */
export interface Bucket {
  readonly tokens: number
  readonly at: number
}

export const fullBucket = ({ burst }: Rate, now: number): Bucket => ({ tokens: burst, at: now })

/**
 * Takes so many tokens, all or none. More than a burst at once needs a full bucket and leaves a debt, or a batch larger
 * than the burst could never pass.
 *
 * @returns the bucket after it, and how long to wait before it would pass; 0 where it did
 */
export function takeTokens(
  bucket: Bucket,
  rate: Rate,
  count: number,
  now: number,
): { bucket: Bucket; waitMs: number } {
  const passedS = Math.max(0, now - bucket.at) / 1_000
  const tokens = Math.min(rate.burst, bucket.tokens + passedS * rate.perSecond)
  const missing = Math.min(count, rate.burst) - tokens
  if (missing > 0)
    return { bucket: { tokens, at: now }, waitMs: Math.ceil((missing / rate.perSecond) * 1_000) }
  return { bucket: { tokens: tokens - count, at: now }, waitMs: 0 }
}
