import { failed, success, type Failure, type Outcome } from '@paceline/core'
import type { Answer, Call, Source } from '../call.ts'
import { truncated } from '../wire/classify.ts'
import type { PartGenerator } from '../wire/part.ts'
import { DEAD_MS, READER_MS, type Flight } from './flight.ts'
import { toStreamEvent } from './stored-answer.ts'

export interface FollowOptions {
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
}

const LOOK_AGAIN_MS = { soonest: 5, latest: 50 } as const

/**
 * Gives a call the answer that another one has asked for.
 *
 * @returns null where no word of it has come and none will: then the call has to ask for itself
 */
export async function follow(
  flight: Flight,
  call: Call,
  options: FollowOptions,
): Promise<Outcome<Answer> | null> {
  const watch = new Watch(flight, call, options)
  for (;;) {
    if (flight.state === 'failed' || flight.state === 'broken' || flight.dropped > 0) return null
    if (flight.text !== null && flight.source !== null)
      return success({ kind: 'whole', source: { ...flight.source }, text: flight.text, isPlain: false })
    if (flight.events.length > 0 && flight.source !== null)
      return success(readAlong(flight, { ...flight.source }, watch))
    if (watch.isDead) return null
    const over = watch.ending('headers')
    if (over !== null) return failed(over)
    await watch.wait()
  }
}

function readAlong(flight: Flight, source: Source, watch: Watch): Answer {
  return {
    kind: 'stream',
    source,
    events: eventsOf(flight, source, watch),
    leave: () => watch.leave(),
  }
}

/** What is there and what comes, up to the end or to an honest word that it does not come any more. */
async function* eventsOf(flight: Flight, source: Source, watch: Watch): PartGenerator {
  let told = 0
  for (;;) {
    // Before the events: what is written after them must not be taken for the end of those that were seen.
    const { state, failure } = flight
    const read = told - flight.dropped
    if (read < 0) {
      yield [{ raw: null, parts: [{ kind: 'error', failure: truncated('stream') }] }]
      return
    }
    if (read < flight.events.length) {
      const news = flight.events.slice(read).map((event) => toStreamEvent(event))
      told += news.length
      Object.assign(source, flight.source)
      watch.touch()
      yield news
      continue
    }
    if (state === 'landed') return
    const ending = state === 'broken' ? (failure ?? truncated('stream')) : watch.ending('stream')
    if (ending !== null || watch.isDead) {
      yield [{ raw: null, parts: [{ kind: 'error', failure: ending ?? truncated('stream') }] }]
      return
    }
    await watch.wait()
  }
}

/** A follower's own clock over a flight: when to look again, and when its leader has to be given up. */
class Watch {
  readonly #flight: Flight
  readonly #call: Call
  readonly #options: FollowOptions
  #left = false
  #newsAt: number
  #seen = -1
  #beatAt: number
  /** How long the leader has been silent, by looks of this follower. */
  #silentMs = 0

  constructor(flight: Flight, call: Call, options: FollowOptions) {
    this.#flight = flight
    this.#call = call
    this.#options = options
    this.#newsAt = options.now()
    this.#beatAt = flight.beatAt
    this.touch()
  }

  get isDead(): boolean {
    return this.#silentMs >= DEAD_MS
  }

  touch(): void {
    if (this.#left || this.#call.signal.aborted) return this.leave()
    const until = this.#options.now() + READER_MS
    this.#flight.readers.set(this.#call.id, until)
    this.#flight.heldUntil = Math.max(this.#flight.heldUntil, until)
  }

  leave(): void {
    this.#left = true
    this.#flight.readers.delete(this.#call.id)
  }

  /** Why the call itself is over, if it is. */
  ending(phase: Failure['phase']): Failure | null {
    const { signal, deadlineAt } = this.#call
    if (signal.aborted) return { kind: 'client-left', phase, message: 'The caller left.' }
    if (this.#options.now() < deadlineAt) return null
    return { kind: 'deadline', phase, message: 'The answer did not come in time.' }
  }

  /** Waits the longer the less there is to see, so that nobody learns of anything late by more than a tenth. */
  async wait(): Promise<void> {
    const { now, sleep } = this.#options
    const startedAt = now()
    const size = this.#flight.dropped + this.#flight.events.length
    if (size !== this.#seen) {
      this.#seen = size
      this.#newsAt = startedAt
    }
    const { soonest, latest } = LOOK_AGAIN_MS
    const ms = Math.min(latest, Math.max(soonest, (startedAt - this.#newsAt) / 10))
    // Without the caller's signal: so short a wait is cheaper than to listen for its end.
    await sleep(ms)
    this.touch()
    if (this.#flight.beatAt !== this.#beatAt) {
      this.#beatAt = this.#flight.beatAt
      this.#silentMs = 0
    } else {
      // Where the whole isolate stood still, leader and follower did together: no look counts for more than two.
      this.#silentMs += Math.min(now() - startedAt, 2 * ms)
    }
  }
}
