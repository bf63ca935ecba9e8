import { deposit, fullRetryBudget, withdraw, type PromptSize } from '@paceline/core'

/** The isolate's purse for extra attempts. Spent, never released: a caller that leaves can't leak what nobody gives back. */
export class Purse {
  #budget = fullRetryBudget()

  deposit(size: PromptSize): void {
    this.#budget = deposit(this.#budget, size)
  }

  /** @returns whether it could be paid */
  pay(size: PromptSize): boolean {
    const rest = withdraw(this.#budget, size)
    if (rest !== null) this.#budget = rest
    return rest !== null
  }
}
