import { failed, success, type Failure, type Outcome, type Phase } from '@paceline/core'
import { sourceOf, type Answer, type Attempt, type AttemptRecord, type Call, type Service } from '../call.ts'
import type { Candidate } from '../candidate.ts'
import { PhaseTimer, type GivenUp } from './phase-timer.ts'
import { readErrorBody, readText } from './read-text.ts'
import { retryAfterMs } from './retry-after.ts'
import { openStream } from './open-stream.ts'
import { outputLimit } from './output-limit.ts'
import { brokenCall, malformed } from '../wire/classify.ts'
import { parseJson } from '../wire/parse-json.ts'
import { hasWholeInput } from '../wire/tool-inputs.ts'
import { askBinding } from '../wire/workers-ai/ask-binding.ts'

/** Asks one candidate once, under its phase timers. */
export const askOnce: Service<Attempt, Answer> = async (attempt, call) => {
  const { candidate, record } = attempt
  const timer = new PhaseTimer(call.deadlineAt)
  // An attempt that began late is not to blame for the end of the call's time.
  const beganLate = call.attempts[0] !== record
  // The timer is asked and not the thrown error: in workerd that is a copy of the reason.
  const explain = (phase: Phase): Failure => failureOf(timer.reason, phase, beganLate)
  const { timers } = candidate
  // Outside the try: what fails here is ours, not the provider's.
  const ask = prepare(attempt, call)
  const leave = (): void => timer.abort(CLIENT_LEFT)
  if (call.signal.aborted) {
    const failure = failureOf(CLIENT_LEFT, 'headers', beganLate)
    fail(record, failure)
    return failed(failure)
  }
  call.signal.addEventListener('abort', leave, { once: true })
  const release = (): void => {
    timer.stop()
    call.signal.removeEventListener('abort', leave)
  }
  attempt.giveUp = () => timer.abort({ kind: 'beaten' })

  let phase: Phase = 'headers'
  let outcome: Outcome<Answer>
  try {
    timer.arm(phase, call.request.stream ? timers.headersMs : timers.answerMs)
    const response = await ask(timer.signal)
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
  else {
    fail(record, outcome.failure)
    timer.abort({ kind: 'over' })
  }
  if (!outcome.ok || outcome.value.kind === 'whole') release()
  return outcome
}

function fail(record: AttemptRecord, failure: Failure): void {
  record.failure = failure
  record.failedAt = Date.now()
}

const CLIENT_LEFT: GivenUp = { kind: 'client-left' }

/** The question as its transport takes it. */
function prepare(attempt: Attempt, call: Call): (signal: AbortSignal) => Promise<Response> {
  const { candidate } = attempt
  const { endpoint, model } = candidate
  const body = bodyFor(attempt, call)
  const headers = headersFor(candidate, call)
  if (endpoint.kind === 'binding')
    return (signal) => askBinding(endpoint.binding, model.model, body, new Headers(headers), signal)
  const init = { method: 'POST', headers, body: JSON.stringify(body), redirect: 'manual' } as const
  return (signal) => fetch(endpoint.url(call.request.stream), { ...init, signal })
}

/** Header names in lower case, as both sides have them: the later of two by the same name counts. */
const headersFor = ({ wire, headers: own }: Candidate, call: Call): Record<string, string> => ({
  'content-type': 'application/json',
  ...wire.defaultHeaders,
  ...(wire.name === call.wire.name ? call.passHeaders : {}),
  ...own,
})

const bodyFor = ({ candidate: { wire, model }, request }: Attempt, { wire: callerWire }: Call): unknown =>
  wire.name === callerWire.name
    ? callerWire.forward(request, model)
    : wire.encodeRequest(request.conversation(), model, request.stream)

async function readWhole(candidate: Candidate, call: Call, response: Response): Promise<Outcome<Answer>> {
  const text = await readText(response, call.route.answerBytes)
  if (text === null) return failed(malformed('body', 'it is larger than the limit'))
  const json = parseJson(text)
  if (!json.ok) return failed(malformed('body', 'it is no JSON'))
  const answer = candidate.wire.parseAnswer(json.value, outputLimit(candidate, call))
  if (!answer.ok) return answer
  if (!hasWholeInput(answer.value)) return failed(brokenCall('body'))
  const { finish, toolCalls } = answer.value
  return success({
    kind: 'whole',
    source: sourceOf(candidate),
    isPlain: finish === 'stop' && toolCalls.length === 0,
    text:
      candidate.wire.name === call.wire.name ? text : JSON.stringify(call.wire.encodeAnswer(answer.value)),
  })
}

async function readFailure(candidate: Candidate, response: Response): Promise<Failure> {
  const json = parseJson(await readErrorBody(response))
  const failure = candidate.wire.parseError(response.status, json.ok ? json.value : null, 'headers')
  const wait = retryAfterMs(response.headers, Date.now())
  return wait === null ? failure : { ...failure, retryAfterMs: wait }
}

/** What the end of an upstream call says about the provider. Errors' own words stay here: they may name hosts. */
function failureOf(reason: GivenUp | null, phase: Phase, beganLate: boolean): Failure {
  switch (reason?.kind) {
    case 'client-left':
      return { kind: 'client-left', phase, message: 'The caller left.' }
    case 'beaten':
      return { kind: 'beaten', phase, message: 'Another attempt spoke first.' }
    case 'expired': {
      // In a running stream only the gap is the provider's; the last instant may come of a reader that is slow.
      const inTime = reason.atLast && (beganLate || reason.phase === 'stream')
      const kind = inTime ? 'deadline' : 'timeout'
      return { kind, phase: reason.phase, message: 'The provider did not answer in time.' }
    }
    case 'over':
    case undefined:
      return { kind: 'unreachable', phase, message: 'The connection to the provider failed.' }
  }
}
