import type { PromptSize } from './prompt-size.ts'

/**
 * The one purse from which every paid extra attempt is taken, hedges and retries alike: each request puts a little in,
 * each of them takes what such a request weighs. So they stay under a tenth of the traffic for as long as everything is
 * slow or fails, yet a single one among many good requests is always paid. After Finagle's RetryBudget
 * (https://twitter.github.io/finagle/guide/Clients.html#retries).
 */
export interface RetryBudget {
  readonly balance: number
}

export const RETRY_BUDGET = { perRequest: 0.1, cap: 10 } as const

/** Long prompts cost more to ask again. Less steep than their tokens, so that the purse can hold any of them. */
const WEIGHTS = [1, 2, 4, 8] as const

export const fullRetryBudget = (): RetryBudget => ({ balance: RETRY_BUDGET.cap })

export const deposit = (budget: RetryBudget, size: PromptSize): RetryBudget => ({
  balance: Math.min(budget.balance + RETRY_BUDGET.perRequest * WEIGHTS[size], RETRY_BUDGET.cap),
})

/** The budget after paying for one more attempt, or null when it can't be paid. */
export const withdraw = (budget: RetryBudget, size: PromptSize): RetryBudget | null =>
  budget.balance >= WEIGHTS[size] ? { balance: budget.balance - WEIGHTS[size] } : null
