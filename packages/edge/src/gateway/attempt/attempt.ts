import { failed, success, type Failure, type Outcome, type Phase } from '@paceline/core'
import { sourceOf, type Answer, type AttemptRecord, type Call, type Service } from '../call.ts'
import type { Candidate, Candidates } from '../candidate.ts'
import { PhaseExpired, PhaseTimer } from './phase-timer.ts'
import { readErrorBody, readText } from './read-text.ts'
import { retryAfterMs } from './retry-after.ts'
import { openStream } from './open-stream.ts'
import { malformed } from '../wire/classify.ts'
import { parseJson } from '../wire/parse-json.ts'

/** Asks the first candidate once, under its phase timers. */
export const attempt: Service<Candidates, Answer> = async ([candidate], call) => {
  const record = begin(candidate, call)
  const timer = new PhaseTimer(call.deadlineAt)
  // An attempt that began late is not to blame for the end of the call's time.
  const beganLate = call.attempts.length > 1
  // The signal is asked and not the thrown error: in workerd that is a copy of the reason, and of no class of ours.
  const explain = (phase: Phase): Failure => failureOf(timer.signal.reason, phase, beganLate)
  const { timers } = candidate
  // Outside the try: what fails here is ours, not the provider's.
  const body = JSON.stringify(bodyFor(candidate, call))
  const leave = (): void => timer.abort(new ClientLeft())
  if (call.signal.aborted) return failed(failureOf(new ClientLeft(), 'headers', beganLate))
  call.signal.addEventListener('abort', leave, { once: true })
  const release = (): void => {
    timer.stop()
    call.signal.removeEventListener('abort', leave)
  }

  let phase: Phase = 'headers'
  let outcome: Outcome<Answer>
  try {
    timer.arm(phase, call.request.stream ? timers.headersMs : timers.answerMs)
    const response = await fetch(candidate.url, {
      method: 'POST',
      headers: headersFor(candidate, call),
      body,
      signal: timer.signal,
      redirect: 'manual',
    })
    record.headersAt = Date.now()
    if (response.status !== 200) outcome = failed(await readFailure(candidate, response))
    else if (call.request.stream) {
      phase = 'first-output'
      timer.arm(phase, record.startedAt + timers.firstOutputMs - record.headersAt)
      outcome = await openStream(candidate, call, response, { timer, leave, release, explain })
    } else {
      phase = 'body'
      outcome = await readWhole(candidate, call, response)
    }
  } catch {
    outcome = failed(explain(phase))
  }
  if (outcome.ok) record.firstOutputAt = Date.now()
  else timer.abort(new Error('the attempt is over'))
  if (!outcome.ok || outcome.value.kind === 'whole') release()
  return outcome
}

class ClientLeft extends Error {
  override readonly name = 'ClientLeft'
}

function begin(candidate: Candidate, call: Call): AttemptRecord {
  const record = { candidate: candidate.id, startedAt: Date.now(), headersAt: null, firstOutputAt: null }
  call.attempts.push(record)
  return record
}

/** Header names in lower case, as both sides have them: the later of two by the same name counts. */
const headersFor = ({ wire, headers: own }: Candidate, call: Call): Record<string, string> => ({
  'content-type': 'application/json',
  ...wire.defaultHeaders,
  ...(wire === call.wire ? call.passHeaders : {}),
  ...own,
})

const bodyFor = ({ wire, model }: Candidate, { request, wire: callerWire }: Call): unknown =>
  wire === callerWire
    ? wire.forward(request, model)
    : wire.encodeRequest(request.conversation(), model, request.stream)

async function readWhole(candidate: Candidate, call: Call, response: Response): Promise<Outcome<Answer>> {
  const text = await readText(response, call.route.answerBytes)
  if (text === null) return failed(malformed('body', 'it is larger than the limit'))
  const json = parseJson(text)
  if (!json.ok) return failed(malformed('body', 'it is no JSON'))
  const answer = candidate.wire.parseAnswer(json.value)
  if (!answer.ok) return answer
  return success({
    kind: 'whole',
    source: sourceOf(candidate),
    text: candidate.wire === call.wire ? text : JSON.stringify(call.wire.encodeAnswer(answer.value)),
  })
}

async function readFailure(candidate: Candidate, response: Response): Promise<Failure> {
  const json = parseJson(await readErrorBody(response))
  const failure = candidate.wire.parseError(response.status, json.ok ? json.value : null, 'headers')
  const wait = retryAfterMs(response.headers, Date.now())
  return wait === null ? failure : { ...failure, retryAfterMs: wait }
}

/** What the end of an upstream call says about the provider. Errors' own words stay here: they may name hosts. */
function failureOf(reason: unknown, phase: Phase, beganLate: boolean): Failure {
  if (reason instanceof ClientLeft) return { kind: 'client-left', phase, message: 'The caller left.' }
  if (reason instanceof PhaseExpired) {
    // In a running stream only the gap is the provider's; the last instant may come of a reader that is slow.
    const inTime = reason.atLast && (beganLate || reason.phase === 'stream')
    const kind = inTime ? 'deadline' : 'timeout'
    return { kind, phase: reason.phase, message: 'The provider did not answer in time.' }
  }
  return { kind: 'unreachable', phase, message: 'The connection to the provider failed.' }
}
