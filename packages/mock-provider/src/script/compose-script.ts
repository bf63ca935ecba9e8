import type { Answer } from '../answer/answer.ts'
import type { Random } from '../answer/random.ts'
import { refusalStatuses, type Refusal, type ResponseContext, type Wire } from '../wire/wire.ts'
import { scriptOf, type Script, type Step, type WaitStep } from './script.ts'

/** How fast a healthy provider is. Durations in milliseconds. */
export interface Pace {
  readonly headersMs: number
  /** From the headers to the first token. */
  readonly firstTokenMs: number
  /** From one token to the next. */
  readonly tokenMs: number
  /** Each wait varies by up to this share of itself, e.g. 0.2 for ±20 %. */
  readonly jitter: number
}

export interface ScriptSource {
  readonly wire: Wire
  readonly context: ResponseContext
  readonly pace: Pace
  readonly random: Random
}

/** A healthy stream: headers, role, tokens at their pace, finish. */
export function composeStream(answer: Answer, source: ScriptSource): Script {
  const { wire, context, pace } = source
  const steps: Step[] = [
    wait(source, 'headers', pace.headersMs),
    {
      do: 'head',
      status: 200,
      headers: {
        ...wire.headers(context),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
      },
      framing: 'chunked',
    },
  ]
  let tokens = 0
  for (const event of wire.events(answer, context)) {
    if (event.part === 'token') {
      steps.push(
        tokens === 0 ? wait(source, 'first-token', pace.firstTokenMs) : wait(source, 'token', pace.tokenMs),
      )
      tokens += 1
    }
    steps.push({ do: 'event', ...event })
  }
  return scriptOf([...steps, { do: 'end', how: 'complete' }])
}

/** A healthy answer in one body: its headers come when the last token is ready. */
export function composeWhole(answer: Answer, source: ScriptSource): Script {
  const { wire, context, pace } = source
  const tokens = answer.pieces.length
  const text = wire.body(answer, context)
  return scriptOf([
    wait(source, 'headers', pace.headersMs),
    wait(source, 'first-token', pace.firstTokenMs),
    wait(source, 'token', pace.tokenMs * Math.max(0, tokens - 1)),
    {
      do: 'head',
      status: 200,
      headers: { ...wire.headers(context), 'content-type': 'application/json' },
      framing: { contentLength: Buffer.byteLength(text) },
    },
    { do: 'text', text, tokens },
    { do: 'end', how: 'complete' },
  ])
}

/** An error status with the wire's own error body. */
export function composeRefusal(refusal: Refusal, source: ScriptSource): Script {
  const { wire, context, pace } = source
  const text = wire.refusalBody(refusal, context)
  const retryAfter = refusal.retryAfterS === undefined ? {} : { 'retry-after': String(refusal.retryAfterS) }
  return scriptOf([
    wait(source, 'headers', pace.headersMs),
    {
      do: 'head',
      status: refusalStatuses[refusal.kind],
      headers: { ...wire.headers(context), 'content-type': 'application/json', ...retryAfter },
      framing: { contentLength: Buffer.byteLength(text) },
    },
    { do: 'text', text, tokens: 0 },
    { do: 'end', how: 'error' },
  ])
}

function wait({ pace, random }: ScriptSource, until: WaitStep['until'], ms: number): WaitStep {
  return { do: 'wait', until, ms: ms * (1 + pace.jitter * (2 * random.next() - 1)) }
}
