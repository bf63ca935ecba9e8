import type { Failure } from '@paceline/core'
import { FinishMarker } from '../attempt/finish-marker.ts'
import type { StreamBody } from '../call.ts'
import { truncated } from '../wire/classify.ts'
import type { FinishReason } from '../wire/conversation.ts'
import type { StreamEvent } from '../wire/part.ts'
import { spellEvent } from './event-text.ts'
import type { Flight, FlightBoard } from './flight.ts'
import { plainParts } from '../wire/replayable.ts'
import type { StoredAnswer } from './stored-answer.ts'

export interface ScribeOptions {
  readonly board: FlightBoard
  readonly now: () => number
  /** Takes an answer that is fit to be given again. */
  readonly keep: (answer: StoredAnswer) => void
}

/** Writes a stream down, event by event, as far as it can be told to others. */
export class Scribe {
  readonly #flight: Flight
  readonly #body: StreamBody
  readonly #options: ScribeOptions
  readonly #finish = new FinishMarker()
  #reason: FinishReason | null = null

  constructor(flight: Flight, body: StreamBody, options: ScribeOptions) {
    this.#flight = flight
    this.#body = body
    this.#options = options
  }

  write(batch: readonly StreamEvent[]): void {
    const flight = this.#flight
    flight.source = { ...this.#body.source }
    for (const event of batch) {
      if (flight.state === 'broken' || event.parts.length === 0) continue
      const broken = event.parts.find((part) => part.kind === 'error')
      const parts = plainParts(event)
      if (parts === null) this.break(broken?.failure ?? null)
      else if (this.#options.board.write(flight, spellEvent(parts), this.#options.now())) {
        this.#finish.read(parts)
        for (const part of parts) if (part.kind === 'finish') this.#reason = part.reason
        flight.state = 'speaking'
      } else this.break(null)
    }
  }

  /** The stream has ended as it should; what has become of it decides whether it is kept. */
  close(): void {
    const flight = this.#flight
    if (flight.state === 'asking') this.break(null)
    if (flight.state !== 'speaking') return
    const isWhole =
      flight.dropped === 0 && this.#finish.stands && !this.#finish.contradicted && this.#reason === 'stop'
    if (isWhole && this.#body.source.answer === 'complete') {
      const { keep, now } = this.#options
      keep(storedAs(flight, { kind: 'stream', events: flight.events }, now()))
    }
    flight.state = 'landed'
  }

  /** @param failure what those who have heard a part of it are told; null where the fault is in sharing it */
  break(failure: Failure | null): void {
    // That the leader's client has left is nothing that the others should be told.
    this.#flight.failure = failure?.kind === 'client-left' ? truncated('stream') : failure
    this.#flight.state = 'broken'
  }
}

/** The answer of a flight as it is kept. */
export const storedAs = (
  { source, askedAt }: Flight,
  body: StoredAnswer['body'],
  now: number,
): StoredAnswer => ({
  provider: source?.provider ?? '',
  model: source?.model ?? '',
  askedAt,
  givenAt: now,
  body,
})
