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

/** Who would be turned away only because the ledger has not answered yet waits this long for it, in such steps. */
const PATIENCE = { ms: 100, stepMs: 5 } as const

interface Timing {
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
}

/** What is left of every allowance in this isolate. Plain data: no request waits for another's promise. */
export class Allowances {
  readonly #timing: Timing
  readonly #buckets = new Map<string, Bucket>()
  readonly #quotas = new Map<string, LeasedQuota>()
  /** Ledgers that were asked and have yet to answer, each with the end of the patience with it. */
  readonly #asked = new Map<string, number>()

  constructor(timing: Timing) {
    this.#timing = timing
  }

  /** Takes one request from all of them, or from none. */
  async take(allowances: readonly Allowance[], host: QuotaHost): Promise<Problem | null> {
    if (allowances.length === 0) return null
    const rates = this.#takeRates(allowances)
    if (rates !== null) return rates
    const quotas = this.#spendQuotas(allowances)
    this.#leaseAhead(allowances, host)
    return quotas === null ? null : this.#spendLater(allowances, quotas)
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
    if (longest !== null) return quotaProblem(longest.allowance, longest.waitMs)
    for (const { allowance, quota } of spent) this.#quotas.set(allowance.subject, quota)
    return null
  }

  /** Nobody is turned away by a quota that this isolate has only not heard of yet. */
  async #spendLater(allowances: readonly Allowance[], refused: Problem): Promise<Problem | null> {
    let last = refused
    while (allowances.some(({ subject }) => this.#timing.now() < (this.#asked.get(subject) ?? 0))) {
      await this.#timing.sleep(PATIENCE.stepMs)
      const again = this.#spendQuotas(allowances)
      if (again === null) return null
      last = again
    }
    return last
  }

  #leaseAhead(allowances: readonly Allowance[], host: QuotaHost): void {
    const now = this.#timing.now()
    for (const { subject, requestsPerDay } of allowances) {
      if (requestsPerDay === null) continue
      const held = this.#quotas.get(subject) ?? newLease(requestsPerDay, now)
      const lease = requestLease(held, requestsPerDay, now)
      if (lease === null) continue
      this.#quotas.set(subject, lease.quota)
      this.#asked.set(subject, now + PATIENCE.ms)
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
