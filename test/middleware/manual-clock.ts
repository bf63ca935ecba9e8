import type { Clock } from '@paceline/server-middleware'

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now = 0
  #timers: { readonly dueAt: number; readonly run: () => void }[] = []

  now(): number {
    return this.#now
  }

  epochNow(): number {
    return 1_795_000_000_000 + this.#now
  }

  random(): number {
    return 0.5
  }

  after(waitMs: number, run: () => void): () => void {
    const timer = { dueAt: this.#now + waitMs, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Lets time pass and everything happen that falls due meanwhile, in its order. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const [next] = this.#timers.filter(({ dueAt }) => dueAt <= until).sort((a, b) => a.dueAt - b.dueAt)
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.dueAt)
      next.run()
    }
    this.#now = until
  }
}
