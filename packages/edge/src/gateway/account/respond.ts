import type { Failure } from '@paceline/core'
import type { Answer, Call, Source, StreamBody, WholeBody } from '../call.ts'
import { problemOf } from './problem-of.ts'
import type { Problem } from '../problem.ts'
import { serverTiming } from './server-timing.ts'
import { StreamWriter } from './stream-writer.ts'
import type { Account, CallerWire } from '../wire/wire.ts'

/** What became of an answer; `left` where its reader did not wait for the end, `failed` where a bug ended it. */
export type Ending = Account['answer'] | 'left' | 'failed'

/**
 * The answer as the caller's own format spells it, and the account of how it came to be.
 *
 * @param onEnd called once, when the last byte is handed over or nobody is left to hand it to
 */
export function respond(answer: Answer, call: Call, onEnd: (ending: Ending) => void): Response {
  return answer.kind === 'whole' ? respondWhole(answer, call, onEnd) : respondStream(answer, call, onEnd)
}

function respondWhole({ text, source }: WholeBody, call: Call, onEnd: (ending: Ending) => void): Response {
  onEnd(source.answer)
  const headers = {
    ...accountHeaders(call, source),
    'content-type': 'application/json',
    'paceline-answer': source.answer,
    ...(source.ageMs === undefined ? {} : { age: String(Math.floor(source.ageMs / 1_000)) }),
  }
  return new Response(text, { headers })
}

function respondStream(answer: StreamBody, call: Call, onEnd: (ending: Ending) => void): Response {
  const { source, events } = answer
  const headers = {
    ...accountHeaders(call, source),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  }
  const writer = new StreamWriter(call.wire.streamEncoder(call.request), () => ({
    call: call.id,
    attempts: call.attempts.length,
    ...source,
  }))
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { text, ending } = await writer.next(events).catch((bug: unknown) => {
          answer.leave()
          onEnd('failed')
          throw bug
        })
        controller.enqueue(encoder.encode(text))
        if (ending === null) return
        onEnd(ending)
        controller.close()
      },
      cancel() {
        answer.leave()
        // Queued behind a pending read, which the abort has just ended.
        events.return().catch(() => undefined)
        onEnd('left')
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers })
}

/** Why there is no answer, in the caller's own format. */
export function respondProblem(
  problem: Problem,
  wire: CallerWire,
  call: Call | null,
  extra: Readonly<Record<string, string>> = {},
): Response {
  const headers = {
    ...(call === null ? {} : accountHeaders(call, null)),
    ...extra,
    'content-type': 'application/json',
    // Mostly the gateway has tried what could be tried, and a client that tries again by itself only adds load.
    'x-should-retry': String(problem.clientsMayRetry === true),
    ...(problem.retryAfterS === undefined ? {} : { 'retry-after': String(problem.retryAfterS) }),
  }
  return new Response(JSON.stringify(wire.encodeProblem(problem)), { status: problem.status, headers })
}

export const respondFailure = (failure: Failure, call: Call): Response =>
  respondProblem(problemOf(failure), call.wire, call)

/** A plain record: handing it over once is cheaper than setting each header in an object of the platform. */
function accountHeaders(call: Call, source: Readonly<Source> | null): Record<string, string> {
  return {
    'x-request-id': call.id,
    'request-id': call.id,
    'paceline-attempts': String(call.attempts.length),
    'paceline-directives': String(call.directives),
    'server-timing': serverTiming(call, Date.now()),
    ...(source === null ? {} : { 'paceline-provider': source.provider, 'paceline-model': source.model }),
  }
}
