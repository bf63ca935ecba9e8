import { success, type Failure, type Outcome } from '@paceline/core'
import { FinishMarker } from '../attempt/finish-marker.ts'
import type { Answer, Call, Service, StreamBody, WholeBody } from '../call.ts'
import type { Candidates } from '../candidate.ts'
import { truncated } from '../wire/classify.ts'
import type { FinishReason } from '../wire/conversation.ts'
import type { StreamEvent } from '../wire/part.ts'
import { Backlog } from './backlog.ts'
import { spellEvent, weightOfText } from './event-text.ts'
import { BEAT_MS, DEAD_MS, isRead, type Flight, type FlightBoard } from './flight.ts'
import { plainParts } from './replayable.ts'
import type { StoredAnswer } from './stored-answer.ts'
import { Tether } from './tether.ts'

export interface LeadOptions {
  readonly board: FlightBoard
  readonly now: () => number
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly waitUntil: (work: Promise<unknown>) => void
  /** Takes an answer that is fit to be given again. */
  readonly keep: (answer: StoredAnswer) => void
}

/**
 * Asks for an answer, hands it to its own client as it comes, and writes it down for those who follow and for the
 * store.
 *
 * @param key what it can be joined by; null where nobody may
 */
export async function lead(
  inner: Service<Candidates, Answer>,
  candidates: Candidates,
  call: Call,
  key: string | null,
  options: LeadOptions,
): Promise<Outcome<Answer>> {
  const { board, now, waitUntil } = options
  const flight = board.open(key, now())
  const tether = new Tether(flight, call.signal, now)
  const over = new AbortController()
  const end = (): void => {
    board.close(key, flight)
    over.abort()
  }
  const backlog = new Backlog(() => (isRead(flight, now()) ? AHEAD_BYTES.shared : AHEAD_BYTES.alone))
  const underWay: UnderWay = { flight, tether, backlog, end, options }
  // Keeps the request alive for those who follow, when its own client has left.
  waitUntil(beat(underWay, over.signal))
  const led: Call = { ...call, signal: tether.signal }
  try {
    const outcome = await inner(candidates, led)
    if (!outcome.ok) {
      flight.failure = outcome.failure
      flight.state = 'failed'
      end()
      return outcome
    }
    flight.source = { ...outcome.value.source }
    if (outcome.value.kind === 'stream')
      return success({ ...outcome.value, ...pass(outcome.value, call.signal, underWay) })
    takeWhole(outcome.value, flight, options)
    end()
    return outcome
  } catch (bug) {
    flight.state = 'failed'
    end()
    throw bug
  }
}

interface UnderWay {
  readonly flight: Flight
  readonly tether: Tether
  /** What the leader's own client has yet to read. */
  readonly backlog: Backlog
  readonly end: () => void
  readonly options: LeadOptions
}

/**
 * How far the leader's own client may be behind its provider, in bytes. Where others wait for the answer it does not
 * wait for that client; otherwise it comes at the client's pace, so that slow ones fill no memory.
 */
const AHEAD_BYTES = { alone: 16_384, shared: 262_144 } as const

async function beat(
  { flight, tether, backlog, options: { now, sleep } }: UnderWay,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    flight.beatAt = now()
    flight.heldUntil = Math.max(flight.heldUntil, flight.beatAt + DEAD_MS)
    tether.check()
    backlog.poke()
    await sleep(BEAT_MS, over)
  }
}

function takeWhole({ text, isPlain, source }: WholeBody, flight: Flight, options: LeadOptions): void {
  const { board, now, keep } = options
  if (!board.grow(flight, weightOfText(text), now())) {
    flight.state = 'broken'
    return
  }
  // Before the others hear of it, so that whoever comes between finds it here or there.
  if (isPlain && source.answer === 'complete') keep(storedAs(flight, { kind: 'whole', text }, now()))
  flight.text = text
  flight.state = 'landed'
}

const storedAs = ({ source, askedAt }: Flight, body: StoredAnswer['body'], now: number): StoredAnswer => ({
  provider: source?.provider ?? '',
  model: source?.model ?? '',
  askedAt,
  givenAt: now,
  body,
})

/** The stream for the leader's own client, which is read from the provider whether that client reads or not. */
function pass(
  body: StreamBody,
  client: AbortSignal,
  { flight, tether, backlog, end, options }: UnderWay,
): StreamBody {
  const scribe = new Scribe(flight, body, options)
  const pump = async (): Promise<void> => {
    try {
      for await (const batch of body.events) {
        scribe.write(batch)
        await backlog.push(batch)
      }
      scribe.close()
      backlog.end()
    } catch (bug) {
      scribe.break(truncated('stream'))
      backlog.end(bug)
    } finally {
      end()
    }
  }
  tether.signal.addEventListener('abort', () => body.leave(), { once: true })
  // A client that left before its headers never gets to read, and nobody would tell.
  if (client.aborted) backlog.discard()
  else client.addEventListener('abort', () => backlog.discard(), { once: true })
  options.waitUntil(pump())
  return {
    kind: 'stream',
    source: body.source,
    events: backlog.read(),
    leave: () => {
      backlog.discard()
      tether.leave()
    },
  }
}

/** Writes a stream down, event by event, as far as it can be told to others. */
class Scribe {
  readonly #flight: Flight
  readonly #body: StreamBody
  readonly #options: LeadOptions
  readonly #finish = new FinishMarker()
  #reason: FinishReason | null = null

  constructor(flight: Flight, body: StreamBody, options: LeadOptions) {
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
