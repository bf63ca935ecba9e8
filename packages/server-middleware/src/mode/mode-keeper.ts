import type { EventOf, Mode } from '@paceline/core'
import { causeOf, effectiveMode, runningPin, type Opinions, type Pin } from './effective-mode.ts'
import { bottomRung, climb, type Ladder } from './ladder.ts'

export type ModeChange = EventOf<'server.mode.changed'>['data']

export interface ModeEvents {
  readonly onModeChanged: (change: ModeChange) => void
  /** One of those who have a say in it has changed its mind, with or without effect. */
  readonly onOpinionChanged: () => void
  /** The ladder has begun to stay where it is. */
  readonly onLatched: (mode: Mode) => void
}

/** Brings together what load, directives and people say about the mode. */
export class ModeKeeper {
  readonly #events: ModeEvents
  #ladder = bottomRung
  #opinions: Opinions = { local: 'normal', global: 'normal', pin: null }
  /** Kept, since every request asks for it. */
  #mode: Mode = 'normal'

  constructor(events: ModeEvents) {
    this.#events = events
  }

  get mode(): Mode {
    return this.#mode
  }

  get opinions(): Opinions {
    return this.#opinions
  }

  get ladder(): Ladder {
    return this.#ladder
  }

  /** Once a second, with the offered load as a share of the limit. */
  tick(load: number, global: Mode, now: number): void {
    const wasLatched = this.#ladder.latched
    this.#ladder = climb(this.#ladder, load, now)
    if (this.#ladder.latched && !wasLatched) this.#events.onLatched(this.#ladder.mode)
    this.follow(global, now)
  }

  /** Takes what the directives say now. */
  follow(global: Mode, now: number): void {
    this.#decide({ local: this.#ladder.mode, global, pin: runningPin(this.#opinions.pin, now) })
  }

  pin(pin: Pin | null): void {
    this.#decide({ ...this.#opinions, pin })
  }

  #decide(opinions: Opinions): void {
    const before = this.#opinions
    const from = this.#mode
    const { local, global, pin } = opinions
    if (before.local === local && before.global === global && before.pin === pin) return
    this.#opinions = opinions
    this.#mode = effectiveMode(opinions)
    if (this.#mode !== from)
      this.#events.onModeChanged({ from, to: this.#mode, cause: causeOf(before, opinions) })
    this.#events.onOpinionChanged()
  }
}
