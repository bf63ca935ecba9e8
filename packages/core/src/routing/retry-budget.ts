/**
 * The one purse from which every paid retry is taken: each request puts a little in, each retry takes a whole coin.
 * So retries stay under a tenth of the traffic for as long as everything fails, yet a single failure among many
 * successes is always retried. After Finagle's RetryBudget (https://twitter.github.io/finagle/guide/Clients.html#retries).
 */
export interface RetryBudget {
  readonly balance: number
}

export const RETRY_BUDGET = { perRequest: 0.1, cap: 10 } as const

export const fullRetryBudget = (): RetryBudget => ({ balance: RETRY_BUDGET.cap })

export const deposit = (budget: RetryBudget): RetryBudget => ({
  balance: Math.min(budget.balance + RETRY_BUDGET.perRequest, RETRY_BUDGET.cap),
})

/** The budget after paying for one retry, or null when it can't be paid. */
export const withdraw = (budget: RetryBudget): RetryBudget | null =>
  budget.balance >= 1 ? { balance: budget.balance - 1 } : null
