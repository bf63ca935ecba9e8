import { success, type Outcome } from '@paceline/core'
import type { Answer, Call, Service, StreamBody, WholeBody } from '../call.ts'
import type { Candidates } from '../candidate.ts'
import { truncated } from '../wire/classify.ts'
import { Backlog } from './backlog.ts'
import { weightOfText } from './event-text.ts'
import { BEAT_MS, DEAD_MS, isRead, type Flight } from './flight.ts'
import { Scribe, storedAs, type ScribeOptions } from './scribe.ts'
import { Tether } from './tether.ts'

export interface LeadOptions extends ScribeOptions {
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly waitUntil: (work: Promise<unknown>) => void
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
