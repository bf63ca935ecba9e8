import { problemOf } from './problem-of.ts'
import type { Problem } from './problem.ts'
import type { Answer, Call, StreamBody, WholeBody } from './call.ts'
import { serverTiming } from './server-timing.ts'
import type { Candidate } from './candidate.ts'
import type { Failure } from '@paceline/core'
import type { Part, StreamEvent } from './wire/part.ts'
import type { Account, StreamEncoder, Wire } from './wire/wire.ts'

/** How an answer ended, told once: when its last byte is handed over, or when nobody is left to hand it to. */
export type Ending =
  | { readonly kind: 'complete' }
  | { readonly kind: 'incomplete'; readonly failure: Failure }
  | { readonly kind: 'client-left' }

/** Stages 8 and 10. The answer as the caller's own format spells it, and the account of how it came to be. */
export function respond(answer: Answer, call: Call, onEnd: (ending: Ending) => void): Response {
  return answer.kind === 'whole' ? respondWhole(answer, call, onEnd) : respondStream(answer, call, onEnd)
}

function respondWhole({ text, candidate }: WholeBody, call: Call, onEnd: (ending: Ending) => void): Response {
  onEnd({ kind: 'complete' })
  const headers = accountHeaders(call, candidate)
  headers.set('content-type', 'application/json')
  headers.set('paceline-answer', 'complete')
  return new Response(text, { headers })
}

function respondStream(answer: StreamBody, call: Call, onEnd: (ending: Ending) => void): Response {
  const { candidate, events } = answer
  const headers = accountHeaders(call, candidate)
  headers.set('content-type', 'text/event-stream; charset=utf-8')
  headers.set('cache-control', 'no-store')
  const writer = new StreamWriter(call.wire.streamEncoder(call.request), candidate.wire === call.wire, {
    call: call.id,
    provider: candidate.provider,
    model: candidate.id,
    attempts: call.attempts.length,
  })
  // A cancel and a pending read may both settle.
  let ended = false
  const end = (ending: Ending): void => {
    if (ended) return
    ended = true
    onEnd(ending)
  }
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = await writer.next(events)
        if (bytes.text !== '') controller.enqueue(new TextEncoder().encode(bytes.text))
        if (bytes.ending === null) return
        end(bytes.ending)
        if (!call.signal.aborted) controller.close()
      },
      cancel() {
        answer.leave()
        // Queued behind a pending read, which the abort has just ended.
        events.return().catch(() => undefined)
        end({ kind: 'client-left' })
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers })
}

class StreamWriter {
  readonly #encoder: StreamEncoder
  readonly #verbatim: boolean
  readonly #account: Omit<Account, 'answer'>

  constructor(encoder: StreamEncoder, verbatim: boolean, account: Omit<Account, 'answer'>) {
    this.#encoder = encoder
    this.#verbatim = verbatim
    this.#account = account
  }

  /** The next text to send. Batches that say nothing are passed over, since an empty pull would wait for ever. */
  async next(events: StreamBody['events']): Promise<{ text: string; ending: Ending | null }> {
    for (;;) {
      const step = await events.next()
      if (step.done === true) {
        const text = this.#encoder.complete({ ...this.#account, answer: 'complete' })
        return { text, ending: { kind: 'complete' } }
      }
      const { text, failure } = this.#write(step.value)
      if (failure !== null) {
        const end = this.#encoder.incomplete(failure, { ...this.#account, answer: 'incomplete' })
        const ending: Ending =
          failure.kind === 'client-left' ? { kind: 'client-left' } : { kind: 'incomplete', failure }
        return { text: text + end, ending }
      }
      if (text !== '') return { text, ending: null }
    }
  }

  #write(batch: readonly StreamEvent[]): { text: string; failure: Failure | null } {
    let text = ''
    for (const event of batch) {
      const broken = event.parts.find(
        (part): part is Extract<Part, { kind: 'error' }> => part.kind === 'error',
      )
      if (broken !== undefined) return { text, failure: broken.failure }
      text += this.#encoder.encode(event, this.#verbatim)
    }
    return { text, failure: null }
  }
}

/** Why there is no answer, in the caller's own format. */
export function respondProblem(problem: Problem, wire: Wire, call: Call | null): Response {
  const headers = call === null ? new Headers() : accountHeaders(call, null)
  headers.set('content-type', 'application/json')
  // The gateway has tried what could be tried; a client that tries again by itself only adds load.
  headers.set('x-should-retry', 'false')
  if (problem.retryAfterS !== undefined) headers.set('retry-after', String(problem.retryAfterS))
  return new Response(JSON.stringify(wire.encodeProblem(problem)), { status: problem.status, headers })
}

export const respondFailure = (failure: Failure, call: Call): Response =>
  respondProblem(problemOf(failure), call.wire, call)

function accountHeaders(call: Call, candidate: Candidate | null): Headers {
  const headers = new Headers({
    'x-request-id': call.id,
    'request-id': call.id,
    'paceline-attempts': String(call.attempts.length),
    'server-timing': serverTiming(call, Date.now()),
  })
  if (candidate !== null) {
    headers.set('paceline-provider', candidate.provider)
    headers.set('paceline-model', candidate.id)
  }
  return headers
}
