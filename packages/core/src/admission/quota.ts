/**
 * The one ledger of a quota: how many requests it has given out in its day. Isolates lease a few at a time and spend
 * them without asking; what they spent while nobody answered they tell afterwards, and it counts.
 */
export interface QuotaLedger {
  /** Days since the epoch, in UTC. */
  readonly day: number
  /** Leased, or spent without a lease. */
  readonly given: number
}

export interface QuotaRequest {
  /** How many requests the isolate would like to lease. */
  readonly want: number
  /** How many it has spent today that no lease covered. */
  readonly owed: number
  readonly perDay: number
}

export interface QuotaGrant {
  readonly day: number
  /** 0 when the day's quota is given out. */
  readonly granted: number
}

export const DAY_MS = 86_400_000
export const dayOf = (now: number): number => Math.floor(now / DAY_MS)
/** Quotas begin anew at midnight, UTC. */
export const untilNextDayMs = (now: number): number => (dayOf(now) + 1) * DAY_MS - now

export const emptyLedger: QuotaLedger = { day: 0, given: 0 }

/** One isolate gets no more than this part of what is left, so that the last requests of a day don't lie idle in one. */
const LARGEST_PART = 1 / 20

export function grantQuota(
  ledger: QuotaLedger,
  { want, owed, perDay }: QuotaRequest,
  now: number,
): { ledger: QuotaLedger; grant: QuotaGrant } {
  const day = dayOf(now)
  const given = (ledger.day === day ? ledger.given : 0) + owed
  const granted = Math.min(want, Math.ceil(Math.max(0, perDay - given) * LARGEST_PART))
  return { ledger: { day, given: given + granted }, grant: { day, granted } }
}
