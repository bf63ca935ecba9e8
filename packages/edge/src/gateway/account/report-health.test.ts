import {
  failed,
  NEWCOMER,
  parseConfig,
  success,
  type Config,
  type Failure,
  type Outcome,
  type Sample,
} from '@paceline/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HealthView } from '../../health/health-view.ts'
import { callFixture } from '../call.fixture.ts'
import { beginAttempt, sourceOf, type Answer, type Attempt, type Service } from '../call.ts'
import { reportHealth } from './report-health.ts'
import { setUp } from '../setup.ts'
import type { Part, PartGenerator } from '../wire/part.ts'
import { openAiWire } from '../wire/openai/wire.ts'

const configOf = (model: object): Config =>
  parseConfig({
    providers: { p: { wire: 'openai', baseUrl: 'https://p.test/v1' } },
    models: { m: { provider: 'p', model: 'm', ...model } },
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
  /** Lets the view hear of a generation of the candidate's breaker. What it has noted is told thereby. */
  readonly hear: (generation: number) => Promise<void>
  readonly ask: (
    answer: Failure | 'whole' | readonly Part[],
    firstOutputMs?: number,
    stream?: boolean,
  ) => Promise<Outcome<Answer>>
}

function stage(model: object = {}): Heard {
  const health = new HealthView()
  const [route] = setUp(configOf(model), {}).routes
  if (route === undefined) throw new Error('no route')
  let at = 0
  return {
    samples: async () => {
      // A report that failed gives the writer a rest; each look comes long after the one before.
      at += 60_000
      const told: Sample[] = []
      await health.flush(
        (samples) => {
          told.push(...samples)
          return Promise.reject(new Error('only listening'))
        },
        () => Promise.resolve(),
        () => at,
      )
      return told
    },
    hear: async (generation) => {
      at += 60_000
      await health.flush(
        () =>
          Promise.resolve({
            epoch: 1,
            snapshot: { version: generation, shares: { m: { ...NEWCOMER, generation } } },
            probes: [],
            directives: null,
            directivesAgeMs: 0,
          }),
        () => Promise.resolve(),
        () => at,
      )
    },
    ask: (answer, firstOutputMs = 100, stream = true) => {
      const request = openAiWire.parseRequest({
        model: 'chat',
        stream,
        messages: [{ role: 'user', content: 'x' }],
      })
      if (!request.ok) throw new Error(request.bad.message)
      const service: Service<Attempt, Answer> = ({ candidate, record }) => {
        const ok = answer === 'whole' || Array.isArray(answer)
        if (ok) record.firstOutputAt = record.startedAt + firstOutputMs
        if (answer === 'whole')
          return Promise.resolve(
            success({ kind: 'whole', source: sourceOf(candidate), text: '', isPlain: true }),
          )
        if ('kind' in answer) return Promise.resolve(failed(answer))
        return Promise.resolve(
          success({
            kind: 'stream',
            source: sourceOf(candidate),
            events: eventsOf(answer),
            leave: () => undefined,
          }),
        )
      }
      const call = callFixture({ route, request: request.value, directives: 7 })
      const [candidate] = route.candidates
      if (candidate === undefined) throw new Error('the cast is broken')
      return reportHealth(health)(service)(beginAttempt(candidate, call, 'first'), call)
    },
  }
}

async function* eventsOf(parts: readonly Part[]): PartGenerator {
  for (const part of parts) yield await Promise.resolve([{ raw: null, parts: [part] }])
}

async function drain(outcome: Outcome<Answer>): Promise<void> {
  if (!outcome.ok || outcome.value.kind !== 'stream') throw new Error('it is no stream')
  const { events } = outcome.value
  while ((await events.next()).done !== true);
}

const first = (late: boolean): unknown =>
  expect.objectContaining({ kind: 'first-output', candidate: 'm', late, origin: 'gateway', directives: 7 })
const end = (result: 'success' | 'failure' | 'unusable'): Sample => ({
  kind: 'end',
  candidate: 'm',
  result,
  // The view has not heard of any.
  generation: null,
})

describe('reporting health', () => {
  const logged: unknown[] = []
  beforeEach(() => {
    logged.length = 0
    vi.spyOn(console, 'error').mockImplementation((line: string) => void logged.push(JSON.parse(line)))
  })
  afterEach(() => void vi.restoreAllMocks())

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
      expect(logged).toEqual([])
    },
  )

  it('counts silence as a late output, too', async () => {
    const { ask, samples } = stage()
    await ask(fault('timeout', 'first-output'))
    expect(await samples()).toEqual([first(true), end('failure')])
  })

  it.each(['unauthorized', 'misconfigured'] as const)('calls a candidate unusable after %s', async (kind) => {
    const { ask, samples } = stage()
    await ask({ ...fault(kind), status: 401, message: 'You sent sk-secret' })
    expect(await samples()).toEqual([end('unusable')])
    expect(logged).toEqual([{ event: 'provider.refused', call: 'c', candidate: 'm', kind, status: 401 }])
  })

  it.each([
    'turned-away',
    'context-length',
    'content-policy',
    'invalid-request',
    'client-left',
    'deadline',
  ] as const)('counts %s against nobody', async (kind) => {
    const { ask, samples } = stage()
    await ask(fault(kind))
    expect(await samples()).toEqual([])
  })

  it('calls a candidate unusable that says so in mid-stream, and logs it once', async () => {
    const { ask, samples } = stage()
    await drain(await ask([TEXT, brokenBy('unauthorized')]))
    expect(await samples()).toEqual([first(false), end('unusable')])
    expect(logged).toMatchObject([{ event: 'provider.refused', kind: 'unauthorized' }])
  })

  it('judges the speed of a model that is slow by nature by its own target', async () => {
    const { ask, samples } = stage({ ttfvtTargetMs: 5_000 })
    await ask([TEXT, FINISH], 5_000)
    await ask([TEXT, FINISH], 5_001)
    expect(await samples()).toEqual([first(false), first(true)])
  })

  it('counts for the generation under which the attempt began', async () => {
    const { ask, samples, hear } = stage()
    await hear(7)
    const outcome = await ask([TEXT, FINISH])
    await hear(8)
    await drain(outcome)
    expect(await samples()).toEqual([{ ...end('success'), generation: 7 }])
  })

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
