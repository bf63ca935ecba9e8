import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deposit, fullRetryBudget, RETRY_BUDGET, withdraw } from './retry-budget.ts'

describe('the retry budget', () => {
  it('pays ten retries at once, and then one for each ten requests', () => {
    let budget = fullRetryBudget()
    let paid = 0
    for (let rest = withdraw(budget, 0); rest !== null; rest = withdraw(budget, 0)) {
      budget = rest
      paid += 1
    }
    expect(paid).toBe(10)
    // One more than ten, since tenths don't add up to one exactly.
    for (let request = 0; request < 11; request += 1) budget = deposit(budget, 0)
    expect(withdraw(budget, 0)).not.toBeNull()
  })

  it('pays at most ten and a tenth of the requests, over any sequence', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 600, size: 'max' }), (steps) => {
        let budget = fullRetryBudget()
        let requests = 0
        let paid = 0
        for (const isRequest of steps) {
          const rest = isRequest ? deposit(budget, 0) : withdraw(budget, 0)
          if (isRequest) requests += 1
          else if (rest !== null) paid += 1
          budget = rest ?? budget
          expect(paid).toBeLessThanOrEqual(10 + 0.1 * requests + 1e-9)
          expect(budget.balance).toBeGreaterThanOrEqual(0)
          expect(budget.balance).toBeLessThanOrEqual(RETRY_BUDGET.cap)
        }
      }),
    )
  })

  it('saves no more than ten', () => {
    let budget = fullRetryBudget()
    for (let request = 0; request < 1_000; request += 1) budget = deposit(budget, 0)
    expect(budget).toEqual(fullRetryBudget())
  })

  it('pays for long prompts what long prompts have put in', () => {
    const long = withdraw(fullRetryBudget(), 3)
    expect(long && withdraw(long, 3)).toBeNull()
    let budget = long ?? fullRetryBudget()
    for (let request = 0; request < 8; request += 1) budget = deposit(budget, 3)
    expect(withdraw(budget, 3)).not.toBeNull()
  })
})
