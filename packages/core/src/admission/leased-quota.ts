import { DAY_MS, dayOf, untilNextDayMs, type QuotaGrant, type QuotaRequest } from './quota.ts'
import { fullBucket, takeTokens, type Bucket, type Rate } from './token-bucket.ts'

/** What one isolate holds of a quota. */
export interface LeasedQuota {
  readonly day: number
  /** Leased and not spent. */
  readonly left: number
  /** Spent without a lease, and not told to the ledger yet. */
  readonly owed: number
  /** How many to lease at a time. */
  readonly chunk: number
  /** When the last lease was granted; null before the first of the day. */
  readonly grantedAt: number | null
  /** Whether the ledger has nothing left to give today. */
  readonly isOut: boolean
  /** What may be spent without a lease. */
  readonly credit: Bucket
  /** Until when the ledger needn't be asked: an answer is on its way, or there was none. */
  readonly quietUntil: number
}

const CHUNK = { first: 8, fewest: 4, most: 1_000 } as const
/** A lease that is spent sooner than this was too small, one that lasts longer than that too large. */
const LEASE = { shortMs: 10_000, longMs: 60_000 } as const
const ASK_EVERY_MS = 1_000
/** Whoever is told to wait for a ledger that is out may find it back by then. */
const LONGEST_WAIT_MS = 10_000

/**
 * While the ledger doesn't answer, an isolate goes on at the quota's own average rate, with a hundredth of the day at
 * once: nobody is turned away for a fault of ours, and a whole day of it lets every isolate spend 1.01 quotas at most.
 */
const creditRate = (perDay: number): Rate => ({
  perSecond: perDay / (DAY_MS / 1_000),
  burst: Math.max(1, Math.floor(perDay / 100)),
})

export const newLease = (perDay: number, now: number): LeasedQuota => ({
  day: dayOf(now),
  left: 0,
  owed: 0,
  chunk: CHUNK.first,
  grantedAt: null,
  isOut: false,
  credit: fullBucket(creditRate(perDay), now),
  quietUntil: -Infinity,
})

/** The same on its own day, and empty on the next: what was leased or owed the day before is void. */
function onDay(quota: LeasedQuota, perDay: number, now: number): LeasedQuota {
  return dayOf(now) === quota.day ? quota : { ...newLease(perDay, now), chunk: quota.chunk }
}

/**
 * Spends one request.
 *
 * @returns the quota after it, and how long to wait before it could be spent; 0 where it was
 */
export function spendOne(
  held: LeasedQuota,
  perDay: number,
  now: number,
): { quota: LeasedQuota; waitMs: number } {
  const quota = onDay(held, perDay, now)
  if (quota.left > 0) return { quota: { ...quota, left: quota.left - 1 }, waitMs: 0 }
  const untilDayMs = untilNextDayMs(now)
  if (quota.isOut) return { quota, waitMs: untilDayMs }
  const { bucket: credit, waitMs } = takeTokens(quota.credit, creditRate(perDay), 1, now)
  if (waitMs > 0)
    return { quota: { ...quota, credit }, waitMs: Math.min(waitMs, LONGEST_WAIT_MS, untilDayMs) }
  return { quota: { ...quota, credit, owed: quota.owed + 1 }, waitMs: 0 }
}

/** What to ask the ledger. */
export interface LeaseRequest {
  readonly quota: LeasedQuota
  readonly request: QuotaRequest
  /** Whether nothing is known of the day yet: then its answer is worth a short wait. */
  readonly isFirst: boolean
}

/** What to ask the ledger now, ahead of need; null while there is enough, none to be had, or an answer to come. */
export function requestLease(held: LeasedQuota, perDay: number, now: number): LeaseRequest | null {
  const quota = onDay(held, perDay, now)
  const { left, owed, chunk, isOut, grantedAt, quietUntil } = quota
  if (isOut || left >= chunk / 2 || now < quietUntil) return null
  return {
    quota: { ...quota, quietUntil: now + ASK_EVERY_MS },
    request: { want: chunk, owed, perDay },
    isFirst: grantedAt === null && quietUntil === -Infinity,
  }
}

/** The quota after the ledger's answer to a request. */
export function takeGrant(
  held: LeasedQuota,
  { day, granted }: QuotaGrant,
  { want, owed, perDay }: QuotaRequest,
  now: number,
): LeasedQuota {
  const quota = onDay(held, perDay, now)
  // An answer that crossed midnight is about another day than ours.
  if (day !== quota.day) return quota
  const { chunk, grantedAt } = quota
  const lastedMs = grantedAt === null ? null : now - grantedAt
  return {
    ...quota,
    left: quota.left + granted,
    owed: Math.max(0, quota.owed - owed),
    // Where the ledger gives less than was asked for, to ask for more would only mean to ask more often.
    chunk: granted < want ? Math.max(granted, CHUNK.fewest) : nextChunk(chunk, lastedMs),
    grantedAt: now,
    isOut: granted === 0,
    quietUntil: -Infinity,
  }
}

function nextChunk(chunk: number, lastedMs: number | null): number {
  if (lastedMs === null) return chunk
  if (lastedMs < LEASE.shortMs) return Math.min(chunk * 2, CHUNK.most)
  return lastedMs > LEASE.longMs ? Math.max(chunk / 2, CHUNK.fewest) : chunk
}
