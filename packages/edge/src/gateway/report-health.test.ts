import { failed, parseConfig, success, type Failure, type Outcome, type Sample } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { HealthView } from '../health/health-view.ts'
import type { Answer, Call, Service } from './call.ts'
import type { Candidates } from './candidate.ts'
import { reportHealth } from './report-health.ts'
import { setUp } from './setup.ts'
import type { Part, PartStream } from './wire/part.ts'
import { openAiWire } from './wire/openai/wire.ts'

const CONFIG = parseConfig({
  providers: { p: { wire: 'openai', baseUrl: 'https://p.test/v1' } },
  models: { m: { provider: 'p', model: 'm' } },
  routes: { chat: { candidates: ['m'], ttfvtTargetMs: 800 } },
  keys: { app: { secretFrom: 'KEY' } },
})
const TEXT: Part = { kind: 'text', text: 'a' }
const FINISH: Part = { kind: 'finish', reason: 'stop' }
const fault = (kind: Failure['kind'], phase: Failure['phase'] = 'headers'): Failure => ({
  kind,
  phase,
  message: kind,
})
const brokenBy = (kind: Failure['kind']): Part => ({ kind: 'error', failure: fault(kind, 'stream') })

interface Heard {
  readonly samples: () => Promise<Sample[]>
  readonly ask: (
    answer: Failure | 'whole' | readonly Part[],
    firstOutputMs?: number,
    stream?: boolean,
  ) => Promise<Outcome<Answer>>
}

function stage(): Heard {
  const health = new HealthView()
  const [route] = setUp(CONFIG, {}).routes
  if (route === undefined) throw new Error('no route')
  return {
    samples: async () => {
      const told: Sample[] = []
      await health.flush(
        (samples) => {
          told.push(...samples)
          return Promise.reject(new Error('only listening'))
        },
        () => Promise.resolve(),
        () => 0,
      )
      return told
    },
    ask: (answer, firstOutputMs = 100, stream = true) => {
      const request = openAiWire.parseRequest({
        model: 'chat',
        stream,
        messages: [{ role: 'user', content: 'x' }],
      })
      if (!request.ok) throw new Error(request.bad.message)
      const service: Service<Candidates, Answer> = ([candidate], call) => {
        const ok = answer === 'whole' || Array.isArray(answer)
        call.attempts.push({
          candidate: candidate.id,
          startedAt: 1_000,
          headersAt: 1_001,
          firstOutputAt: ok ? 1_000 + firstOutputMs : null,
        })
        if (answer === 'whole') return Promise.resolve(success({ kind: 'whole', candidate, text: '' }))
        if ('kind' in answer) return Promise.resolve(failed(answer))
        return Promise.resolve(
          success({ kind: 'stream', candidate, events: eventsOf(answer), leave: () => undefined }),
        )
      }
      const call: Call = {
        id: 'c',
        route,
        wire: openAiWire,
        request: request.value,
        passHeaders: {},
        startedAt: 1_000,
        maxAttempts: 1,
        deadlineAt: 1e9,
        signal: new AbortController().signal,
        attempts: [],
      }
      return reportHealth(health)(service)(route.candidates as unknown as Candidates, call)
    },
  }
}

async function* eventsOf(parts: readonly Part[]): PartStream {
  for (const part of parts) yield await Promise.resolve([{ raw: null, parts: [part] }])
}

async function drain(outcome: Outcome<Answer>): Promise<void> {
  if (!outcome.ok || outcome.value.kind !== 'stream') throw new Error('it is no stream')
  const { events } = outcome.value
  while ((await events.next()).done !== true);
}

const first = (late: boolean): Sample => ({ kind: 'first-output', candidate: 'm', late })
const end = (result: 'success' | 'failure' | 'unusable'): Sample => ({
  kind: 'end',
  candidate: 'm',
  result,
  generation: 0,
})

describe('reporting health', () => {
  it.each([
    [800, false],
    [801, true],
  ])('tells of a first output after %i ms at once, and of the end only at the end', async (ms, late) => {
    const { ask, samples } = stage()
    const outcome = await ask([TEXT, FINISH], ms)
    expect(await samples()).toEqual([first(late)])
    await drain(outcome)
    expect(await samples()).toEqual([first(late), end('success')])
  })

  it('tells of an unstreamed answer that it succeeded, and nothing of its speed', async () => {
    const { ask, samples } = stage()
    await ask('whole', 50_000, false)
    expect(await samples()).toEqual([end('success')])
  })

  it.each(['unreachable', 'rate-limited', 'overloaded', 'server-error', 'truncated', 'malformed'] as const)(
    'counts %s as a failure',
    async (kind) => {
      const { ask, samples } = stage()
      await ask(fault(kind))
      expect(await samples()).toEqual([end('failure')])
    },
  )

  it('counts silence as a late output, too', async () => {
    const { ask, samples } = stage()
    await ask(fault('timeout', 'first-output'))
    expect(await samples()).toEqual([first(true), end('failure')])
  })

  it.each(['unauthorized', 'misconfigured'] as const)('calls a candidate unusable after %s', async (kind) => {
    const { ask, samples } = stage()
    await ask(fault(kind))
    expect(await samples()).toEqual([end('unusable')])
  })

  it.each(['context-length', 'content-policy', 'invalid-request', 'client-left'] as const)(
    'counts %s against nobody',
    async (kind) => {
      const { ask, samples } = stage()
      await ask(fault(kind))
      expect(await samples()).toEqual([])
    },
  )

  it('counts a stream that breaks off as one failure and no success, even when it is read to its end', async () => {
    const { ask, samples } = stage()
    await drain(await ask([TEXT, brokenBy('truncated')]))
    expect(await samples()).toEqual([first(false), end('failure')])
  })

  it('counts a caller that leaves in mid-stream against nobody, and for nobody', async () => {
    const { ask, samples } = stage()
    await drain(await ask([TEXT, brokenBy('client-left')]))
    const left = await ask([TEXT, FINISH])
    if (left.ok && left.value.kind === 'stream') {
      await left.value.events.next()
      await left.value.events.return()
    }
    expect(await samples()).toEqual([first(false), first(false)])
  })
})
