import { failed, success, type Failure, type Outcome, type Phase } from '@paceline/core'
import { sourceOf, type Answer, type Call } from '../call.ts'
import type { Candidate } from '../candidate.ts'
import { endHonestly } from './end-honestly.ts'
import { outputLimit } from './output-limit.ts'
import type { PhaseTimer } from './phase-timer.ts'
import { readEvents } from './read-events.ts'
import { readText } from './read-text.ts'
import { watchForStall } from './watch-for-stall.ts'
import { malformed } from '../wire/classify.ts'
import { parseJson } from '../wire/parse-json.ts'
import { isOutput, type PartStream, type StreamEvent } from '../wire/part.ts'
import { withHead } from '../wire/with-head.ts'

/** What holds and explains the upstream call that a stream belongs to. */
interface Upstream {
  readonly timer: PhaseTimer
  readonly leave: () => void
  /** Called once when the stream is over. */
  readonly release: () => void
  /** How a break on the provider's side reads as a failure. */
  readonly explain: (phase: Phase) => Failure
}

/**
 * Reads a stream up to its commit: the first output, or the finish of an answer that says nothing. What
 * fails before it is a failed attempt, and nobody has seen a byte of it.
 */
export async function openStream(
  candidate: Candidate,
  call: Call,
  response: Response,
  { timer, leave, release, explain }: Upstream,
): Promise<Outcome<Answer>> {
  const body: ReadableStream<Uint8Array> | null = response.body
  if (body === null) return failed(malformed('first-output', 'it has no body'))
  if (!/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')) {
    return failed(await notAStream(candidate, response, call.route.answerBytes))
  }
  const decoder = candidate.wire.streamDecoder(call.request.choices, outputLimit(candidate, call))
  const keepRaw = candidate.wire.name === call.wire.name
  const source = readEvents(body, decoder, call.route.answerBytes, keepRaw)
  const events = endHonestly(explain)(watchForStall(timer, candidate.timers.gapMs, release)(source))

  const head: StreamEvent[] = []
  let heldBytes = 0
  for await (const batch of stepwise(events)) {
    head.push(...batch)
    for (const { raw } of batch) heldBytes += raw?.data.length ?? UNKEPT_EVENT_BYTES
    if (heldBytes > call.route.answerBytes)
      return failed(malformed('first-output', 'it says nothing at great length'))
    for (const { parts } of batch) {
      // An event that holds words and their failure is a failure: nobody has seen the words.
      const broken = parts.find((part) => part.kind === 'error')
      if (broken !== undefined) return failed({ ...broken.failure, phase: 'first-output' })
      for (const part of parts) {
        if (part.kind === 'finish' || isOutput(part)) {
          return success({
            kind: 'stream',
            source: sourceOf(candidate),
            events: withHead(head, events),
            leave,
          })
        }
      }
    }
  }
  // endHonestly closes every stream by a finish or an error.
  throw new Error('a stream ended without an ending')
}

/** What is left of an event whose spelling is not kept weighs about so much. */
const UNKEPT_EVENT_BYTES = 100

/** Iterates without closing the source when the loop is left early. */
async function* stepwise(events: PartStream): PartStream {
  for (let step = await events.next(); step.done !== true; step = await events.next()) yield step.value
}

/** An error in JSON under status 200 is an in-band error; anything else breaks the format. */
async function notAStream(candidate: Candidate, response: Response, limitBytes: number): Promise<Failure> {
  const json = parseJson((await readText(response, limitBytes)) ?? '')
  const answer = json.ok ? candidate.wire.parseAnswer(json.value) : null
  return answer === null || answer.ok
    ? malformed('first-output', 'it is no event stream')
    : { ...answer.failure, phase: 'first-output' }
}
