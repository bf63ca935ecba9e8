import type { PacelineEvent } from '@paceline/core'

/** Events that wait to be sent, oldest first. When it is full the oldest go: the newest say what is the matter now. */
export class EventQueue {
  readonly #capacity: number
  #events: PacelineEvent[] = []
  #dropped = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get length(): number {
    return this.#events.length
  }

  /** How many were lost for want of room. */
  get dropped(): number {
    return this.#dropped
  }

  push(event: PacelineEvent): void {
    this.#events.push(event)
    this.#trim()
  }

  take(most: number): PacelineEvent[] {
    return this.#events.splice(0, most)
  }

  /** Puts back what could not be sent, before everything that came since. */
  putBack(events: readonly PacelineEvent[]): void {
    this.#events = [...events, ...this.#events]
    this.#trim()
  }

  #trim(): void {
    const excess = this.#events.length - this.#capacity
    if (excess <= 0) return
    this.#events.splice(0, excess)
    this.#dropped += excess
  }
}
