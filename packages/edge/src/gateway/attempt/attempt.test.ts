import { parseConfig, type Failure, type Outcome } from '@paceline/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { attempt } from './attempt.ts'
import type { Answer, AttemptRecord, Call } from '../call.ts'
import type { Candidates } from '../candidate.ts'
import { setUp } from '../setup.ts'
import { anthropicWire } from '../wire/anthropic/wire.ts'
import { openAiWire } from '../wire/openai/wire.ts'
import type { Part } from '../wire/part.ts'
import type { Wire } from '../wire/wire.ts'

const TIMERS = { headersMs: 1_000, firstOutputMs: 2_000, gapMs: 3_000, answerMs: 4_000 }
const CONFIG = parseConfig({
  providers: {
    open: { wire: 'openai', baseUrl: 'https://open.test/v1' },
    anth: { wire: 'anthropic', baseUrl: 'https://anth.test' },
    pinned: { wire: 'anthropic', baseUrl: 'https://anth.test', headers: { 'Anthropic-Version': 'pinned' } },
  },
  models: Object.fromEntries(
    ['open', 'anth', 'pinned'].map((id) => [id, { provider: id, model: 'up', timers: TIMERS }]),
  ),
  routes: {
    open: { candidates: ['open'] },
    anth: { candidates: ['anth'] },
    pinned: { candidates: ['pinned'] },
  },
  keys: { app: { secretFrom: 'KEY' } },
})

const EARLIER: AttemptRecord = { candidate: 'x', startedAt: 0, headersAt: null, firstOutputAt: null }

function callOf(
  name: string,
  wire: Wire,
  stream: boolean,
  more: Partial<Call> = {},
): { candidates: Candidates; call: Call } {
  const route = setUp(CONFIG, {}).routes.find((one) => one.name === name)
  const body = { model: name, stream, max_tokens: 5, messages: [{ role: 'user', content: 'x' }] }
  const request = wire.parseRequest(body)
  const [candidate] = route?.candidates ?? []
  if (route === undefined || candidate === undefined || !request.ok) throw new Error('the cast is broken')
  const call: Call = {
    id: 'c',
    route,
    wire,
    request: request.value,
    passHeaders: {},
    startedAt: Date.now(),
    maxAttempts: 4,
    deadlineAt: Date.now() + 300_000,
    signal: new AbortController().signal,
    promptSize: 0,
    origin: 'gateway',
    criticality: 'interactive',
    directives: 0,
    attempts: [],
    ...more,
  }
  return { candidates: [candidate], call }
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
    const { candidates, call } = callOf('open', openAiWire, stream)
    const outcome = attempt(candidates, call)
    await vi.advanceTimersByTimeAsync(ms)
    expect(failureOf(await outcome)).toMatchObject({ kind: 'timeout', phase: 'headers' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is a timeout when headers come, and no words', async () => {
    providerThat((signal) => Promise.resolve(streamOf(signal, ': ping\n\n')))
    const { candidates, call } = callOf('open', openAiWire, true)
    const outcome = attempt(candidates, call)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(failureOf(await outcome)).toMatchObject({ kind: 'timeout', phase: 'first-output' })
  })

  it('is unreachable when the connection fails, and names no host', async () => {
    providerThat(() => Promise.reject(new TypeError('connect ECONNREFUSED 10.0.0.7:443')))
    const { candidates, call } = callOf('open', openAiWire, true)
    const failure = failureOf(await attempt(candidates, call))
    expect(failure).toMatchObject({ kind: 'unreachable', phase: 'headers' })
    expect(failure.message).not.toContain('10.0.0.7')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is the caller’s when the caller leaves, whatever is thrown', async () => {
    providerThat(aborted)
    const leaving = new AbortController()
    const { candidates, call } = callOf('open', openAiWire, true, { signal: leaving.signal })
    const outcome = attempt(candidates, call)
    await vi.advanceTimersByTimeAsync(500)
    leaving.abort(new Error('gone'))
    expect(failureOf(await outcome)).toMatchObject({ kind: 'client-left' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('asks nobody for a caller that has left already', async () => {
    const asked = vi.fn<Answering>(aborted)
    providerThat(asked)
    const { candidates, call } = callOf('open', openAiWire, true, { signal: AbortSignal.abort() })
    expect(failureOf(await attempt(candidates, call))).toMatchObject({ kind: 'client-left' })
    expect(asked).not.toHaveBeenCalled()
  })
})

describe('the end of the time of a call', () => {
  it('is a timeout of the first attempt, which had all of it', async () => {
    providerThat(aborted)
    const { candidates, call } = callOf('open', openAiWire, true, { deadlineAt: Date.now() + 800 })
    const outcome = attempt(candidates, call)
    await vi.advanceTimersByTimeAsync(800)
    expect(failureOf(await outcome)).toMatchObject({ kind: 'timeout', phase: 'headers' })
  })

  it('is the fault of no attempt that began late', async () => {
    providerThat(aborted)
    const late = { deadlineAt: Date.now() + 800, attempts: [EARLIER] }
    const { candidates, call } = callOf('open', openAiWire, true, late)
    const outcome = attempt(candidates, call)
    await vi.advanceTimersByTimeAsync(800)
    expect(failureOf(await outcome)).toMatchObject({ kind: 'deadline', phase: 'headers' })
  })

  it('leaves a late attempt its own timeouts', async () => {
    providerThat(aborted)
    const { candidates, call } = callOf('open', openAiWire, true, { attempts: [EARLIER] })
    const outcome = attempt(candidates, call)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(failureOf(await outcome)).toMatchObject({ kind: 'timeout', phase: 'headers' })
  })

  it.each([
    ['the end of the call', 2_500, 2_500, 'deadline'],
    ['silence', 300_000, 3_000, 'timeout'],
  ])('is told in a running stream: %s', async (_, totalMs, ms, kind) => {
    providerThat((signal) => Promise.resolve(streamOf(signal, WORD)))
    const { candidates, call } = callOf('open', openAiWire, true, { deadlineAt: Date.now() + totalMs })
    const end = endOf(await attempt(candidates, call))
    await vi.advanceTimersByTimeAsync(ms)
    expect(await end).toMatchObject({ kind, phase: 'stream' })
  })

  it('is the caller’s when the caller leaves a running stream', async () => {
    providerThat((signal) => Promise.resolve(streamOf(signal, WORD)))
    const leaving = new AbortController()
    const { candidates, call } = callOf('open', openAiWire, true, { signal: leaving.signal })
    const end = endOf(await attempt(candidates, call))
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
    const { candidates, call } = callOf(name, wire, false, { passHeaders })
    await attempt(candidates, call)
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
