import {
  CEILINGS,
  learn,
  newLimit,
  roomFor,
  type Criticality,
  type LearntLimit,
  type LimitBounds,
} from '@paceline/core'
import type { Clock } from '../clock.ts'
import { LEVELS, levelOf, nextCut } from './cut.ts'
import { LoadMeter, offeredLoad } from './load-meter.ts'

/** The right to be worked on, held from arrival to the end of the response. */
export interface Permit {
  /** Whether the response has ended, or its reader has gone. */
  readonly isOver: boolean
  /**
   * The response begins. Times of failed ones don't count: an error that comes at once is no sign of health.
   *
   * @param elsewhereMs how much of the time was spent waiting for the gateway: that is no sign of this server's load
   */
  firstByte(status: number, elsewhereMs?: number): void
  /** The response has ended, one way or another. Only the first call counts. */
  release(): void
}

export type ShedCounts = Record<Criticality, number>
export const noSheds = (): ShedCounts => ({ critical: 0, interactive: 0, background: 0, bulk: 0 })

/** Loads above this say no more than that it is far too much. */
const MOST_LOAD = 4

/** Decides who is worked on and who is turned away, and learns how much the server can take. */
export class Admission {
  readonly #bounds: LimitBounds
  readonly #clock: Clock
  readonly #meter: LoadMeter
  #limit: LearntLimit
  #cut = LEVELS
  #arrivals: number[] = newArrivals()
  #shedSinceTick = noSheds()
  #shedSinceReport = noSheds()

  constructor(bounds: LimitBounds, clock: Clock) {
    this.#bounds = bounds
    this.#clock = clock
    this.#meter = new LoadMeter(clock.now())
    this.#limit = newLimit(bounds)
  }

  get limit(): number {
    return this.#limit.learnt.limit
  }

  get inFlight(): number {
    return this.#meter.inFlight
  }

  /** A permit, or null when this request has to give way. */
  admit(criticality: Criticality): Permit | null {
    const level = levelOf(criticality, this.#clock.random())
    this.#arrivals[level] = (this.#arrivals[level] ?? 0) + 1
    const room = roomFor(CEILINGS[criticality], this.limit)
    if (this.#meter.inFlight + 1 > room || level >= this.#cut) {
      this.#shedSinceTick[criticality] += 1
      this.#shedSinceReport[criticality] += 1
      return null
    }
    const startedAt = this.#clock.now()
    this.#meter.enter(startedAt)
    return new HeldPermit(startedAt, this.#clock, {
      sample: (ms) => {
        this.#limit = learn(this.#limit, ms, this.#meter.inFlight, this.#bounds)
      },
      leave: (now) => this.#meter.leave(now),
    })
  }

  /**
   * Once a second: moves the cut, and tells the load that the ladder should know of, as a share of the limit. Turning
   * away background and bulk work is the remedy, so that part of the demand doesn't count there.
   */
  tick(): number {
    const load = this.#meter.read(this.#clock.now())
    const shed = this.#shedSinceTick
    const dear = shed.critical + shed.interactive
    const share = (turnedAway: number): number =>
      Math.min(MOST_LOAD, offeredLoad(load, turnedAway) / this.limit)
    this.#cut = nextCut(this.#cut, this.#arrivals, share(dear + shed.background + shed.bulk))
    this.#arrivals = newArrivals()
    this.#shedSinceTick = noSheds()
    return share(dear)
  }

  /** Notes one that was turned away for another reason than load: it is told, and says nothing of the load. */
  countShed(criticality: Criticality): void {
    this.#shedSinceReport[criticality] += 1
  }

  /** How many were turned away since the last call. */
  takeShed(): ShedCounts {
    const counts = this.#shedSinceReport
    this.#shedSinceReport = noSheds()
    return counts
  }
}

interface Holder {
  sample(ms: number): void
  leave(now: number): void
}

class HeldPermit implements Permit {
  isOver = false
  #hasBegun = false
  readonly #startedAt: number
  readonly #clock: Clock
  readonly #holder: Holder

  constructor(startedAt: number, clock: Clock, holder: Holder) {
    this.#startedAt = startedAt
    this.#clock = clock
    this.#holder = holder
  }

  firstByte(status: number, elsewhereMs = 0): void {
    if (this.#hasBegun || this.isOver) return
    this.#hasBegun = true
    if (status < 500) this.#holder.sample(Math.max(0, this.#clock.now() - this.#startedAt - elsewhereMs))
  }

  release(): void {
    if (this.isOver) return
    this.isOver = true
    this.#holder.leave(this.#clock.now())
  }
}

const newArrivals = (): number[] => Array.from({ length: LEVELS }, () => 0)
