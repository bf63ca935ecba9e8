import type { Attempt } from './attempt-log.ts'
import { composeAnswer } from './answer/compose-answer.ts'
import { prefillOf, type Prompt } from './answer/prompt.ts'
import { createRandom } from './answer/random.ts'
import { readModelFaults } from './fault/fault-in-model.ts'
import { spoil } from './fault/fault-schedule.ts'
import type { FaultContext } from './fault/define-fault.ts'
import type { PlayableFault } from './fault/fault.ts'
import type { Exchange } from './http/exchange.ts'
import type { HttpRequest } from './http/http-request.ts'
import type { ProviderState } from './provider-state.ts'
import { recordAttempt } from './record-attempt.ts'
import { composeRefusal, composeStream, composeWhole, type ScriptSource } from './script/compose-script.ts'
import { playScript } from './script/play-script.ts'
import type { Script } from './script/script.ts'
import { redactHeaders } from './redact-headers.ts'
import type { Call, Refusal, ResponseContext, Wire } from './wire/wire.ts'

/** The log holds 10,000 attempts; with larger bodies it would outgrow the process. */
const longestLoggedBytes = 65_536

/** Answers one model call: reads it, decides the whole script of the attempt, then plays it. */
export async function serveModelCall(
  request: HttpRequest,
  exchange: Exchange,
  wire: Wire,
  call: Call,
  state: ProviderState,
): Promise<void> {
  const number = state.nextNumber()
  const random = createRandom('attempt', state.settings.seed, state.name, number)
  const body = parseJson(request.body)
  const read = body.ok ? wire.readPrompt(body.value, call, request.query) : body
  const prompt = read.ok ? read.prompt : null
  const written = prompt?.model ?? call.model ?? ''
  const named = readModelFaults(written)
  const context: ResponseContext = {
    id: random.token(24),
    model: named.ok ? named.model : written,
    createdAtS: Math.floor(Date.now() / 1000),
    includeUsage: prompt?.includeUsage ?? false,
  }
  const source: ScriptSource = { wire, context, pace: state.settings.delays, random }
  const key = wire.keyOf(request)
  const keyAccepted = state.apiKey === null || key === state.apiKey
  const attempt: Attempt = {
    id: context.id,
    number,
    wire: wire.id,
    model: written,
    stream: prompt?.stream ?? call.stream ?? false,
    path: request.path,
    receivedAtMs: state.nowMs(),
    headersAtMs: null,
    firstTokenAtMs: null,
    endedAtMs: null,
    tokensSent: 0,
    pieces: [],
    bytesSent: 0,
    fault: null,
    ending: 'open',
    clientLeftAtMs: null,
    status: null,
    requestHeaders: redactHeaders(request.headers),
    keyAccepted,
    requestBody:
      request.body.length > longestLoggedBytes
        ? `${request.body.length} bytes`
        : body.ok
          ? body.value
          : request.body.toString(),
  }

  const refusal = keyAccepted ? refuse() : ({ kind: 'auth' } as const)
  const { script, faults, pieces } =
    prompt === null || refusal !== null
      ? { script: composeRefusal(refusal ?? { kind: 'invalid-request' }, source), faults: [], pieces: [] }
      : composeAttempt(prompt, named.ok ? named.faults : [], number, source, state)
  const fault = faults.length === 0 ? null : faults.map(({ kind }) => kind).join('+')
  const recorder = recordAttempt({ ...attempt, fault, pieces }, exchange.left, state)
  await playScript(script, exchange, recorder)

  function refuse(): Refusal | null {
    if (!read.ok) return { kind: 'invalid-request', message: read.message }
    if (!named.ok) return { kind: 'invalid-request', message: named.message }
    if (state.models !== null && !state.models.includes(named.model)) return { kind: 'unknown-model' }
    if (state.settings.prefill === 'refuse' && prefillOf(read.prompt) !== null)
      return { kind: 'prefill-refused' }
    return null
  }
}

interface ComposedAttempt {
  readonly script: Script
  readonly faults: readonly PlayableFault[]
  readonly pieces: readonly string[]
}

function composeAttempt(
  prompt: Prompt,
  named: readonly PlayableFault[],
  number: number,
  source: ScriptSource,
  state: ProviderState,
): ComposedAttempt {
  const { seed, texts } = state.settings
  const { answer, wholeText } = composeAnswer(prompt, {
    seed,
    texts,
    name: state.name,
    attempt: number,
    earlierTexts: state.texts,
  })
  if (wholeText !== null) state.rememberText(wholeText)
  const healthy = prompt.stream ? composeStream(answer, source) : composeWhole(answer, source)
  const context: FaultContext = { ...source, prompt, answer }
  const nowMs = state.nowMs()
  const faults = [
    ...state.schedulesFor(source.context.model).flatMap((schedule) => schedule.take(context, nowMs)),
    ...state.scheduleOf(prompt.model, named).take(context, nowMs),
  ]
  return { script: spoil(healthy, faults, context), faults, pieces: answer.pieces }
}

function parseJson(
  body: Buffer,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string } {
  try {
    return { ok: true, value: JSON.parse(body.toString()) }
  } catch (error) {
    return { ok: false, message: `The body of the request is not JSON: ${String(error)}` }
  }
}
