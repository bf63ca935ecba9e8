import {
  fullBucket,
  newLease,
  requestLease,
  spendOne,
  takeGrant,
  takeTokens,
  type Bucket,
  type LeasedQuota,
  type QuotaGrant,
  type QuotaRequest,
} from '@paceline/core'
import type { Problem } from '../problem.ts'
import type { Allowance } from './allowance.ts'
import { quotaProblem, rateProblem } from './refusal.ts'

/** Where quotas are leased. */
export interface QuotaHost {
  readonly leaseQuota: (subject: string, request: QuotaRequest) => Promise<QuotaGrant>
  readonly waitUntil: (work: Promise<unknown>) => void
}

/** Nobody waits longer than this for a ledger, and looks in such steps whether it has answered. */
const PATIENCE = { ms: 100, stepMs: 5 } as const

/** A question that a ledger has yet to answer. */
interface Asked {
  readonly until: number
  readonly isFirst: boolean
}

interface Timing {
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
}

/** What is left of every allowance in this isolate. Plain data: no request waits for another's promise. */
export class Allowances {
  readonly #timing: Timing
  readonly #buckets = new Map<string, Bucket>()
  readonly #quotas = new Map<string, LeasedQuota>()
  readonly #asked = new Map<string, Asked>()

  constructor(timing: Timing) {
    this.#timing = timing
  }

  /** Takes one request from all of them, or from none. */
  async take(allowances: readonly Allowance[], host: QuotaHost): Promise<Problem | null> {
    if (allowances.length === 0) return null
    const rates = this.#takeRates(allowances)
    if (rates !== null) return rates
    this.#leaseAhead(allowances, host)
    // Where nothing is known of the day, it may be spent already.
    await this.#waitForLedgers(allowances, ({ isFirst }) => isFirst)
    const quotas = this.#spendQuotas(allowances)
    if (quotas === null) return null
    // Nobody is turned away by a quota that this isolate has only not heard of yet.
    const isHeard = await this.#waitForLedgers(allowances, () => true)
    return isHeard ? this.#spendQuotas(allowances) : quotas
  }

  #takeRates(allowances: readonly Allowance[]): Problem | null {
    const now = this.#timing.now()
    const taken = allowances.flatMap((allowance) => {
      const { subject, rate } = allowance
      if (rate === null) return []
      const held = this.#buckets.get(subject) ?? fullBucket(rate, now)
      return [{ allowance, ...takeTokens(held, rate, 1, now) }]
    })
    const longest = longestWait(taken)
    if (longest !== null) return rateProblem(longest.allowance, longest.waitMs)
    for (const { allowance, bucket } of taken) this.#buckets.set(allowance.subject, bucket)
    return null
  }

  #spendQuotas(allowances: readonly Allowance[]): Problem | null {
    const now = this.#timing.now()
    const spent = allowances.flatMap((allowance) => {
      const { subject, requestsPerDay } = allowance
      if (requestsPerDay === null) return []
      const held = this.#quotas.get(subject) ?? newLease(requestsPerDay, now)
      return [{ allowance, ...spendOne(held, requestsPerDay, now) }]
    })
    const longest = longestWait(spent)
    if (longest !== null) return quotaProblem(longest.allowance, longest.waitMs, longest.quota.isOut)
    for (const { allowance, quota } of spent) this.#quotas.set(allowance.subject, quota)
    return null
  }

  /** @returns whether there was anything to wait for */
  async #waitForLedgers(
    allowances: readonly Allowance[],
    isWorthIt: (asked: Asked) => boolean,
  ): Promise<boolean> {
    const { now, sleep } = this.#timing
    const isPending = ({ subject }: Allowance): boolean => {
      const asked = this.#asked.get(subject)
      return asked !== undefined && isWorthIt(asked) && now() < asked.until
    }
    if (!allowances.some(isPending)) return false
    while (allowances.some(isPending)) await sleep(PATIENCE.stepMs)
    return true
  }

  #leaseAhead(allowances: readonly Allowance[], host: QuotaHost): void {
    const now = this.#timing.now()
    for (const { subject, requestsPerDay } of allowances) {
      if (requestsPerDay === null) continue
      const held = this.#quotas.get(subject) ?? newLease(requestsPerDay, now)
      const lease = requestLease(held, requestsPerDay, now)
      if (lease === null) continue
      this.#quotas.set(subject, lease.quota)
      this.#asked.set(subject, { until: now + PATIENCE.ms, isFirst: lease.isFirst })
      host.waitUntil(this.#lease(subject, lease.request, host))
    }
  }

  async #lease(subject: string, request: QuotaRequest, host: QuotaHost): Promise<void> {
    // Without an answer there is credit, and the ledger is asked again a second later.
    const grant = await host.leaseQuota(subject, request).catch(() => null)
    const held = this.#quotas.get(subject)
    this.#asked.delete(subject)
    if (grant !== null && held !== undefined)
      this.#quotas.set(subject, takeGrant(held, grant, request, this.#timing.now()))
  }
}

/** The one that has to wait longest; null where none has to. */
function longestWait<T extends { readonly waitMs: number }>(all: readonly T[]): T | null {
  const waiting = all.filter(({ waitMs }) => waitMs > 0)
  return waiting.reduce<T | null>(
    (longest, one) => (one.waitMs > (longest?.waitMs ?? 0) ? one : longest),
    null,
  )
}
