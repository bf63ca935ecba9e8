import { parseConfig, type Failure, type Outcome } from '@paceline/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { askOnce } from './attempt.ts'
import { callFixture } from '../call.fixture.ts'
import { beginAttempt, type Answer, type Attempt, type AttemptRecord, type Call } from '../call.ts'
import { setUp } from '../setup.ts'
import { anthropicWire } from '../wire/anthropic/wire.ts'
import { openAiWire } from '../wire/openai/wire.ts'
import type { Part } from '../wire/part.ts'
import type { Wire } from '../wire/wire.ts'
import type { AiBinding } from '../wire/workers-ai/ask-binding.ts'

const TIMERS = { headersMs: 1_000, firstOutputMs: 2_000, gapMs: 3_000, answerMs: 4_000 }
const CONFIG = parseConfig({
  providers: {
    open: { wire: 'openai', baseUrl: 'https://open.test/v1' },
    anth: { wire: 'anthropic', baseUrl: 'https://anth.test' },
    pinned: { wire: 'anthropic', baseUrl: 'https://anth.test', headers: { 'Anthropic-Version': 'pinned' } },
    gem: { wire: 'gemini', baseUrl: 'https://gem.test/v1beta' },
    bound: { wire: 'workers-ai', binding: 'AI' },
  },
  models: Object.fromEntries(
    ['open', 'anth', 'pinned', 'gem', 'bound'].map((id) => [
      id,
      { provider: id, model: 'up', timers: TIMERS },
    ]),
  ),
  routes: {
    open: { candidates: ['open'] },
    anth: { candidates: ['anth'] },
    pinned: { candidates: ['pinned'] },
    gem: { candidates: ['gem'] },
    bound: { candidates: ['bound'] },
  },
  keys: { app: { secretFrom: 'KEY' } },
})

/** A binding that answers as the test wants it to. */
let bound: AiBinding['run'] = () => Promise.reject(new Error('nobody was to be asked'))
const AI_BINDING: AiBinding = { run: (...asked) => bound(...asked) }

const EARLIER: AttemptRecord = {
  candidate: 'x',
  reason: 'first',
  startedAt: 0,
  headersAt: null,
  firstOutputAt: null,
  failure: null,
  failedAt: null,
}

function callOf(
  name: string,
  wire: Wire,
  stream: boolean,
  more: Partial<Call> = {},
): { attempt: Attempt; call: Call } {
  const route = setUp(CONFIG, { AI: AI_BINDING }).routes.find((one) => one.name === name)
  const body = { model: name, stream, max_tokens: 5, messages: [{ role: 'user', content: 'x' }] }
  const request = wire.parseRequest(body)
  const [candidate] = route?.candidates ?? []
  if (route === undefined || candidate === undefined || !request.ok) throw new Error('the cast is broken')
  const call = callFixture({ route, wire, request: request.value, ...more })
  return { attempt: beginAttempt(candidate, call, 'first'), call }
}

/** As workerd does it: what an abort throws is a copy of its reason, of no class of ours. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('a copy')))
  })

/** A provider that sends these chunks and then nothing more, until it is given up. */
function streamOf(signal: AbortSignal, ...chunks: readonly string[]): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
      signal.addEventListener('abort', () => controller.error(new Error('a copy')))
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

const WORD = 'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'

type Answering = (signal: AbortSignal, init: RequestInit) => Promise<Response>

function providerThat(answers: Answering): void {
  vi.stubGlobal('fetch', (_url: string, init: RequestInit) => {
    if (!init.signal) throw new Error('nothing could give this call up')
    return answers(init.signal, init)
  })
}

const failureOf = (outcome: Outcome<Answer>): Failure => {
  if (outcome.ok) throw new Error('it did not fail')
  return outcome.failure
}

/** Reads a stream on to its end, and tells by what it failed. */
async function endOf(outcome: Outcome<Answer>): Promise<Failure | null> {
  if (!outcome.ok || outcome.value.kind !== 'stream') throw new Error('it is no stream')
  const parts: Part[] = []
  for await (const batch of outcome.value.events) parts.push(...batch.flatMap((event) => event.parts))
  const last = parts.at(-1)
  return last?.kind === 'error' ? last.failure : null
}

/** A provider whose first word is there in the very moment in which it is given up, as on a machine that has paused. */
function wordTooLate(signal: AbortSignal): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      signal.addEventListener('abort', () => controller.enqueue(new TextEncoder().encode(WORD)))
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('an attempt that fails', () => {
  it.each([
    [true, 1_000],
    [false, 4_000],
  ])('is a timeout when no headers come in time (streamed: %s), whatever is thrown', async (stream, ms) => {
    providerThat(aborted)
    const { attempt, call } = callOf('open', openAiWire, stream)
    const outcome = askOnce(attempt, call)
    await vi.advanceTimersByTimeAsync(ms)
    expect(failureOf(await outcome)).toMatchObject({ kind: 'timeout', phase: 'headers' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is a timeout when headers come, and no words', async () => {
    providerThat((signal) => Promise.resolve(streamOf(signal, ': ping\n\n')))
    const { attempt, call } = callOf('open', openAiWire, true)
    const outcome = askOnce(attempt, call)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(failureOf(await outcome)).toMatchObject({ kind: 'timeout', phase: 'first-output' })
  })

  it('is a timeout when its first word comes in the moment in which it is given up', async () => {
    providerThat((signal) => Promise.resolve(wordTooLate(signal)))
    const { attempt, call } = callOf('open', openAiWire, true)
    const outcome = askOnce(attempt, call)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(failureOf(await outcome)).toMatchObject({ kind: 'timeout', phase: 'first-output' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is unreachable when the connection fails, and names no host', async () => {
    providerThat(() => Promise.reject(new TypeError('connect ECONNREFUSED 10.0.0.7:443')))
    const { attempt, call } = callOf('open', openAiWire, true)
    const failure = failureOf(await askOnce(attempt, call))
    expect(failure).toMatchObject({ kind: 'unreachable', phase: 'headers' })
    expect(failure.message).not.toContain('10.0.0.7')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is the caller’s when the caller leaves, whatever is thrown', async () => {
    providerThat(aborted)
    const leaving = new AbortController()
    const { attempt, call } = callOf('open', openAiWire, true, { signal: leaving.signal })
    const outcome = askOnce(attempt, call)
    await vi.advanceTimersByTimeAsync(500)
    leaving.abort(new Error('gone'))
    expect(failureOf(await outcome)).toMatchObject({ kind: 'client-left' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('asks nobody for a caller that has left already', async () => {
    const asked = vi.fn<Answering>(aborted)
    providerThat(asked)
    const { attempt, call } = callOf('open', openAiWire, true, { signal: AbortSignal.abort() })
    expect(failureOf(await askOnce(attempt, call))).toMatchObject({ kind: 'client-left' })
    expect(asked).not.toHaveBeenCalled()
  })
})

describe('the end of the time of a call', () => {
  it('is a timeout of the first attempt, which had all of it', async () => {
    providerThat(aborted)
    const { attempt, call } = callOf('open', openAiWire, true, { deadlineAt: Date.now() + 800 })
    const outcome = askOnce(attempt, call)
    await vi.advanceTimersByTimeAsync(800)
    expect(failureOf(await outcome)).toMatchObject({ kind: 'timeout', phase: 'headers' })
  })

  it('is the fault of no attempt that began late', async () => {
    providerThat(aborted)
    const late = { deadlineAt: Date.now() + 800, attempts: [EARLIER] }
    const { attempt, call } = callOf('open', openAiWire, true, late)
    const outcome = askOnce(attempt, call)
    await vi.advanceTimersByTimeAsync(800)
    expect(failureOf(await outcome)).toMatchObject({ kind: 'deadline', phase: 'headers' })
  })

  it('leaves a late attempt its own timeouts', async () => {
    providerThat(aborted)
    const { attempt, call } = callOf('open', openAiWire, true, { attempts: [EARLIER] })
    const outcome = askOnce(attempt, call)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(failureOf(await outcome)).toMatchObject({ kind: 'timeout', phase: 'headers' })
  })

  it.each([
    ['the end of the call', 2_500, 2_500, 'deadline'],
    ['silence', 300_000, 3_000, 'timeout'],
  ])('is told in a running stream: %s', async (_, totalMs, ms, kind) => {
    providerThat((signal) => Promise.resolve(streamOf(signal, WORD)))
    const { attempt, call } = callOf('open', openAiWire, true, { deadlineAt: Date.now() + totalMs })
    const end = endOf(await askOnce(attempt, call))
    await vi.advanceTimersByTimeAsync(ms)
    expect(await end).toMatchObject({ kind, phase: 'stream' })
  })

  it('is the caller’s when the caller leaves a running stream', async () => {
    providerThat((signal) => Promise.resolve(streamOf(signal, WORD)))
    const leaving = new AbortController()
    const { attempt, call } = callOf('open', openAiWire, true, { signal: leaving.signal })
    const end = endOf(await askOnce(attempt, call))
    leaving.abort()
    expect(await end).toMatchObject({ kind: 'client-left', phase: 'stream' })
  })
})

describe('the headers of an attempt', () => {
  async function sent(
    name: string,
    wire: Wire,
    passHeaders: Readonly<Record<string, string>> = {},
  ): Promise<Headers> {
    let headers = new Headers()
    providerThat((_signal, init) => {
      headers = new Headers(init.headers)
      return Promise.reject(new Error('seen enough'))
    })
    const { attempt, call } = callOf(name, wire, false, { passHeaders })
    await askOnce(attempt, call)
    return headers
  }
  const VERSION = 'anthropic-version'

  it('are those of the format, unless the caller or the configuration says otherwise', async () => {
    expect((await sent('anth', anthropicWire)).get(VERSION)).toBe('2023-06-01')
    expect((await sent('anth', anthropicWire, { [VERSION]: 'own' })).get(VERSION)).toBe('own')
    expect((await sent('pinned', anthropicWire, { [VERSION]: 'own' })).get(VERSION)).toBe('pinned')
  })

  it('hold none of the caller’s where it speaks another format', async () => {
    expect((await sent('anth', openAiWire, { 'x-own': 'a' })).has('x-own')).toBe(false)
    expect((await sent('anth', openAiWire)).get(VERSION)).toBe('2023-06-01')
    expect((await sent('open', openAiWire)).has(VERSION)).toBe(false)
  })
})

describe('an attempt at a provider that no caller speaks like', () => {
  const CALLERS = [openAiWire, anthropicWire]

  it.each([
    [false, 'https://gem.test/v1beta/models/up:generateContent'],
    [true, 'https://gem.test/v1beta/models/up:streamGenerateContent?alt=sse'],
  ])('asks Gemini at the address of its model (streamed: %s)', async (stream, address) => {
    const asked: string[] = []
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
      asked.push(url, init.body as string)
      return Promise.reject(new Error('seen enough'))
    })
    const { attempt, call } = callOf('gem', openAiWire, stream)
    await askOnce(attempt, call)
    expect(asked[0]).toBe(address)
    expect(JSON.parse(asked[1] ?? '')).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'x' }] }],
      generationConfig: { maxOutputTokens: 5 },
    })
  })

  it.each(CALLERS)('gives a caller of $name what Workers AI has said, whole', async (wire) => {
    const asked: unknown[] = []
    bound = (model, inputs) => {
      asked.push(model, inputs)
      return Promise.resolve(Response.json({ response: 'hello', usage: { completion_tokens: 2 } }))
    }
    const { attempt, call } = callOf('bound', wire, false)
    const outcome = await askOnce(attempt, call)
    if (!outcome.ok || outcome.value.kind !== 'whole') throw new Error('it is no whole answer')
    expect(asked).toEqual(['up', { messages: [{ role: 'user', content: 'x' }], max_tokens: 5 }])
    expect(wire.parseAnswer(JSON.parse(outcome.value.text))).toMatchObject({
      ok: true,
      value: { text: 'hello', finish: 'stop', usage: { outputTokens: 2 } },
    })
    expect(call.attempts[0]?.headersAt).toBe(1_000_000)
  })

  it.each(CALLERS)('gives a caller of $name what Workers AI has said, in a stream', async (wire) => {
    const events = ['{"response":"hel"}', '{"response":"lo","usage":{"completion_tokens":5}}', '[DONE]']
    bound = () =>
      Promise.resolve(
        new Response(events.map((data) => `data: ${data}\n\n`).join(''), {
          headers: { 'content-type': 'text/event-stream' },
        }),
      )
    const { attempt, call } = callOf('bound', wire, true)
    const outcome = await askOnce(attempt, call)
    if (!outcome.ok || outcome.value.kind !== 'stream') throw new Error('it is no stream')
    const parts: Part[] = []
    for await (const batch of outcome.value.events) parts.push(...batch.flatMap((event) => event.parts))
    expect(parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('')).toBe('hello')
    // As much as was asked for, so it was cut off.
    expect(parts).toContainEqual({ kind: 'finish', reason: 'length' })
  })

  it.each<[string, () => Promise<unknown>, object]>([
    [
      'is out of capacity',
      () => Promise.reject(new Error('3040: no capacity')),
      { kind: 'overloaded', status: 429 },
    ],
    ['is gone', () => Promise.reject(new Error('network lost at 10.0.0.7')), { kind: 'unreachable' }],
    [
      'answers with an error',
      () => Promise.resolve(Response.json({ internalCode: 5007 }, { status: 400 })),
      { kind: 'misconfigured' },
    ],
    ['answers with nothing', () => Promise.resolve(null), { kind: 'malformed' }],
  ])('fails as any other where the binding %s', async (_, answer, failure) => {
    bound = answer
    const { attempt, call } = callOf('bound', openAiWire, false)
    const outcome = failureOf(await askOnce(attempt, call))
    expect(outcome).toMatchObject(failure)
    expect(outcome.message).not.toContain('10.0.0.7')
  })

  it.each([
    [true, 1_000],
    [false, 4_000],
  ])('is a timeout where the binding never answers (streamed: %s)', async (stream, ms) => {
    bound = () => new Promise(() => undefined)
    const { attempt, call } = callOf('bound', openAiWire, stream)
    const outcome = askOnce(attempt, call)
    await vi.advanceTimersByTimeAsync(ms)
    expect(failureOf(await outcome)).toMatchObject({ kind: 'timeout', phase: 'headers' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is a timeout where the stream of a binding falls silent', async () => {
    bound = () => Promise.resolve(streamOf(new AbortController().signal, 'data: {"response":"a"}\n\n'))
    const { attempt, call } = callOf('bound', openAiWire, true)
    const end = endOf(await askOnce(attempt, call))
    await vi.advanceTimersByTimeAsync(3_000)
    expect(await end).toMatchObject({ kind: 'timeout', phase: 'stream' })
  })

  it.each(CALLERS)('takes no answer for whole whose tool input breaks off (%s)', async (wire) => {
    const half = { id: 'c', function: { name: 'f', arguments: '{"city":"Par' } }
    const body = { choices: [{ message: { tool_calls: [half] }, finish_reason: 'tool_calls' }] }
    providerThat(() => Promise.resolve(Response.json(body)))
    const { attempt, call } = callOf('open', wire, false)
    expect(failureOf(await askOnce(attempt, call))).toMatchObject({ kind: 'malformed', phase: 'body' })
  })
})

describe('a whole answer', () => {
  const PLAIN = { message: { content: 'hi' }, finish_reason: 'stop' }
  const tool_calls = [{ id: 'c', function: { name: 'f', arguments: '{}' } }]

  it.each([
    [PLAIN, true],
    [{ ...PLAIN, finish_reason: 'length' }, false],
    [{ message: { content: 'hi', tool_calls }, finish_reason: 'stop' }, false],
    [{ message: { content: null, tool_calls }, finish_reason: 'tool_calls' }, false],
  ])('is plain where it is words that ended by themselves: %j', async (choice, isPlain) => {
    providerThat(() => Promise.resolve(Response.json({ id: 'i', model: 'm', choices: [choice] })))
    const { attempt, call } = callOf('open', openAiWire, false)
    expect(await askOnce(attempt, call)).toMatchObject({ ok: true, value: { kind: 'whole', isPlain } })
  })
})

describe('a stream that nobody wants any more', () => {
  it.each([0, 1])('lets its provider and its caller go, after %i batches were taken', async (taken) => {
    const cancelled = vi.fn<() => void>()
    providerThat(() => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode(WORD)),
        cancel: cancelled,
      })
      return Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
    })
    const caller = new AbortController()
    const listens = vi.spyOn(caller.signal, 'addEventListener')
    const forgets = vi.spyOn(caller.signal, 'removeEventListener')
    const { attempt, call } = callOf('open', openAiWire, true, { signal: caller.signal })
    const outcome = await askOnce(attempt, call)
    if (!outcome.ok || outcome.value.kind !== 'stream') throw new Error('it is no stream')
    for (let batch = 0; batch < taken; batch += 1) await outcome.value.events.next()
    outcome.value.leave()
    await vi.advanceTimersByTimeAsync(0)
    expect(cancelled).toHaveBeenCalledOnce()
    expect(forgets).toHaveBeenCalledTimes(listens.mock.calls.length)
    expect(vi.getTimerCount()).toBe(0)
  })
})
