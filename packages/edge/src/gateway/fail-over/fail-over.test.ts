import { failed, parseConfig, success, type Failure, type Outcome } from '@paceline/core'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { callFixture } from '../call.fixture.ts'
import { beginAttempt, sourceOf, type Answer, type Call, type Service } from '../call.ts'
import type { Candidates } from '../candidate.ts'
import { Purse } from '../purse.ts'
import { failOver } from './fail-over.ts'
import { setUp } from '../setup.ts'
import { openAiWire } from '../wire/openai/wire.ts'

/** Candidates by name, each with its context length in thousands of tokens. */
function cast(contexts: Readonly<Record<string, number>>): {
  candidates: Candidates
  call: (limits?: Partial<Call>) => Call
} {
  const models: [string, unknown][] = Object.entries(contexts).map(([id, thousands]) => [
    id,
    { provider: 'p', model: id, contextTokens: thousands * 1_000 },
  ])
  const config = parseConfig({
    providers: { p: { wire: 'openai', baseUrl: 'https://p.test/v1' } },
    models: Object.fromEntries(models),
    routes: { chat: { candidates: Object.keys(contexts) } },
    keys: { app: { secretFrom: 'KEY' } },
  })
  const [route] = setUp(config, {}).routes
  const request = openAiWire.parseRequest({ model: 'chat', messages: [{ role: 'user', content: 'x' }] })
  if (route === undefined || !request.ok) throw new Error('the cast is broken')
  const call = (limits: Partial<Call> = {}): Call =>
    callFixture({
      route,
      request: request.value,
      maxAttempts: 10,
      deadlineAt: Date.now() + 60_000,
      ...limits,
    })
  return { candidates: route.candidates as unknown as Candidates, call }
}

const fault = (kind: Failure['kind'], more: Partial<Failure> = {}): Failure => ({
  kind,
  phase: 'headers',
  message: kind,
  ...more,
})
const lone500 = fault('server-error', { status: 500 })
const busy = fault('overloaded', { status: 503 })

type Script = Readonly<Record<string, readonly (Failure | 'ok')[]>>

/** Answers each candidate's attempts from its script; the last line repeats for ever. */
function play(script: Script, tookMs = 0): { service: Service<Candidates, Answer>; asked: string[] } {
  const asked: string[] = []
  const service: Service<Candidates, Answer> = ([candidate], call) => {
    const lines = script[candidate.id] ?? []
    const line = lines[Math.min(asked.filter((id) => id === candidate.id).length, lines.length - 1)] ?? 'ok'
    asked.push(candidate.id)
    const { record } = beginAttempt(candidate, call, 'first')
    vi.setSystemTime(Date.now() + tookMs)
    if (line === 'ok')
      return Promise.resolve(
        success({ kind: 'whole', source: sourceOf(candidate), text: candidate.id, isPlain: true }),
      )
    record.failure = line
    record.failedAt = Date.now()
    return Promise.resolve(failed(line))
  }
  return { service, asked }
}

const slept: number[] = []
const sleep = (ms: number): Promise<void> => {
  slept.push(ms)
  vi.setSystemTime(Date.now() + ms)
  return Promise.resolve()
}
const layer = (random = 0.5): ReturnType<typeof failOver> =>
  failOver({ purse: new Purse(), random: () => random, sleep })

/** Plays one request and tells whom it asked, and what came of it. */
async function run(
  script: Script,
  contexts: Readonly<Record<string, number>>,
  limits: Partial<Call> = {},
  tookMs = 0,
): Promise<{ asked: string[]; outcome: Outcome<Answer> }> {
  const { candidates, call } = cast(contexts)
  const { service, asked } = play(script, tookMs)
  const outcome = await layer()(service)(candidates, call(limits))
  return { asked, outcome }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  slept.length = 0
})
afterEach(() => vi.useRealTimers())

const THREE = { a: 128, b: 128, c: 128 }

describe('failing over', () => {
  it('asks nobody else when the first candidate answers', async () => {
    expect(await run({ a: ['ok'] }, THREE)).toMatchObject({ asked: ['a'], outcome: { ok: true } })
  })

  it('asks the same candidate once more after a lone 500, then moves on', async () => {
    expect((await run({ a: [lone500, 'ok'] }, THREE)).asked).toEqual(['a', 'a'])
    expect((await run({ a: [lone500], b: ['ok'] }, THREE)).asked).toEqual(['a', 'a', 'b'])
  })

  it('leaves an attempt for each candidate that was not asked yet', async () => {
    const { asked, outcome } = await run({ a: [lone500], b: [lone500], c: ['ok'] }, THREE, { maxAttempts: 4 })
    expect(asked).toEqual(['a', 'a', 'b', 'c'])
    expect(outcome.ok).toBe(true)
    expect((await run({ a: [lone500], b: [lone500] }, THREE, { maxAttempts: 3 })).asked).toEqual([
      'a',
      'b',
      'c',
    ])
  })

  it('does not ask the same candidate again at once when it asked to be left alone', async () => {
    const { asked } = await run({ a: [{ ...lone500, retryAfterMs: 900 }], b: ['ok'] }, THREE)
    expect(asked).toEqual(['a', 'b'])
  })

  it.each([
    'unreachable',
    'timeout',
    'rate-limited',
    'overloaded',
    'truncated',
    'malformed',
    'unauthorized',
    'misconfigured',
    'turned-away',
  ] as const)('moves on at once after %s', async (kind) => {
    expect((await run({ a: [fault(kind, { retryAfterMs: 3_000 })], b: ['ok'] }, THREE)).asked).toEqual([
      'a',
      'b',
    ])
    expect(slept).toEqual([])
  })

  it.each(['content-policy', 'invalid-request', 'client-left', 'deadline'] as const)(
    'tells the caller of %s at once',
    async (kind) => {
      const { asked, outcome } = await run({ a: [fault(kind)] }, THREE)
      expect(asked).toEqual(['a'])
      expect(outcome).toMatchObject({ ok: false, failure: { kind } })
    },
  )

  it('makes as many attempts as it may, and no more', async () => {
    for (const maxAttempts of [1, 2, 3, 5, 8]) {
      const { asked, outcome } = await run({ a: [lone500], b: [busy], c: [busy] }, THREE, { maxAttempts })
      expect(asked).toHaveLength(maxAttempts)
      expect(outcome.ok).toBe(false)
    }
  })

  it('starts no attempt after the deadline', async () => {
    const { asked } = await run({ a: [busy] }, THREE, { deadlineAt: Date.now() + 1_500 }, 1_000)
    expect(asked).toEqual(['a', 'b'])
  })

  it('starts no attempt for a caller that has left', async () => {
    const gone = new AbortController()
    gone.abort()
    expect((await run({ a: [busy] }, THREE, { signal: gone.signal })).asked).toEqual(['a'])
  })

  it('starts no attempt when the caller leaves during a wait', async () => {
    const { candidates, call } = cast({ a: 128 })
    const { service, asked } = play({ a: [busy] })
    const leaving = new AbortController()
    const layered = failOver({
      purse: new Purse(),
      random: () => 1,
      sleep: () => {
        leaving.abort()
        return Promise.resolve()
      },
    })
    await layered(service)(candidates, call({ signal: leaving.signal }))
    expect(asked).toEqual(['a'])
  })
})

describe('a prompt that is too long', () => {
  const tooLong = fault('context-length', { status: 400 })

  it('goes to a larger model alone', async () => {
    const { asked } = await run({ a: [tooLong], d: ['ok'] }, { a: 128, b: 64, c: 128, d: 200 })
    expect(asked).toEqual(['a', 'd'])
  })

  it('goes back to the caller when no model is larger', async () => {
    const { asked, outcome } = await run({ a: [tooLong] }, { a: 128, b: 64, c: 128 })
    expect(asked).toEqual(['a'])
    expect(outcome).toMatchObject({ failure: { kind: 'context-length' } })
  })

  it('stays too long for smaller models when the larger one fails otherwise', async () => {
    const { asked } = await run({ a: [tooLong], b: [busy, 'ok'] }, { a: 128, b: 200, c: 100 })
    expect(asked).toEqual(['a', 'b', 'b'])
  })

  it('is measured against the models that refused it, not against others that failed', async () => {
    const { asked } = await run({ a: [busy], b: [tooLong], c: ['ok'] }, { a: 200, b: 100, c: 150 })
    expect(asked).toEqual(['a', 'b', 'c'])
  })

  it('is not tried again on a smaller model that was only busy', async () => {
    const { asked } = await run({ a: [busy], b: [tooLong] }, { a: 100, b: 128 })
    expect(asked).toEqual(['a', 'b'])
  })
})

describe('waiting', () => {
  it('takes Retry-After for a floor once nobody else is left', async () => {
    const { asked } = await run(
      {
        a: [fault('rate-limited', { retryAfterMs: 2_000 }), 'ok'],
        b: [fault('rate-limited', { retryAfterMs: 4_000 })],
      },
      { a: 128, b: 128 },
    )
    expect(asked).toEqual(['a', 'b', 'a'])
    expect(slept).toEqual([2_000])
  })

  it('counts what has passed since the provider said it', async () => {
    const limited = fault('rate-limited', { retryAfterMs: 2_000 })
    const { asked } = await run(
      { a: [limited, 'ok'], b: [fault('rate-limited', { retryAfterMs: 4_000 })] },
      { a: 128, b: 128 },
      {},
      500,
    )
    expect(asked).toEqual(['a', 'b', 'a'])
    expect(slept).toEqual([1_500])
  })

  it('draws its wait from the whole range where nothing is asked of it, and doubles the range', async () => {
    const { candidates, call } = cast({ a: 128 })
    for (const random of [0, 0.25, 0.999]) {
      slept.length = 0
      await layer(random)(play({ a: [busy] }).service)(candidates, call({ maxAttempts: 7 }))
      expect(slept).toEqual([200, 400, 800, 1_600, 3_000, 3_000].map((most) => random * most))
    }
  })

  it('asks nobody to wait longer than five seconds, or past the deadline', async () => {
    expect((await run({ a: [fault('rate-limited', { retryAfterMs: 5_001 })] }, { a: 128 })).asked).toEqual([
      'a',
    ])
    const late = { deadlineAt: Date.now() + 2_000 }
    expect(
      (await run({ a: [fault('rate-limited', { retryAfterMs: 2_000 })] }, { a: 128 }, late)).asked,
    ).toEqual(['a'])
    expect(slept).toEqual([])
  })

  it.each(['timeout', 'unauthorized', 'misconfigured', 'turned-away'] as const)(
    'asks no candidate again after %s',
    async (kind) => {
      expect((await run({ a: [fault(kind)], b: [fault(kind)] }, { a: 128, b: 128 })).asked).toEqual([
        'a',
        'b',
      ])
    },
  )
})

describe('the verdict on a request that failed everywhere', () => {
  /** What the caller hears when the candidates fail in these ways, each time they are asked. */
  async function verdict(...failures: readonly Failure[]): Promise<Failure> {
    const ids = ['a', 'b', 'c'].slice(0, failures.length)
    const script = Object.fromEntries(ids.map((id, index) => [id, failures.slice(index, index + 1)]))
    const contexts = Object.fromEntries(ids.map((id) => [id, 128]))
    const { outcome } = await run(script, contexts, { maxAttempts: failures.length })
    if (outcome.ok) throw new Error('it did not fail')
    return outcome.failure
  }

  it.each([
    'rate-limited',
    'timeout',
    'unauthorized',
    'misconfigured',
    'turned-away',
    'context-length',
    'overloaded',
  ] as const)('is %s where all failed in that way', async (kind) => {
    expect((await verdict(fault(kind), fault(kind))).kind).toBe(kind)
  })

  it('names the least wait where every candidate named one', async () => {
    const limited = (retryAfterMs: number): Failure => fault('rate-limited', { retryAfterMs })
    expect(await verdict(limited(9_000), limited(7_000), limited(8_000))).toMatchObject({
      kind: 'rate-limited',
      retryAfterMs: 7_000,
    })
    expect(await verdict(limited(7_000), fault('rate-limited'))).not.toHaveProperty('retryAfterMs')
  })

  it.each(['overloaded', 'server-error', 'unreachable', 'timeout', 'truncated', 'malformed'] as const)(
    'is %s where others failed for reasons of their own, whoever came last',
    async (kind) => {
      for (const own of ['unauthorized', 'misconfigured', 'turned-away', 'rate-limited'] as const) {
        expect((await verdict(fault(kind), fault(own))).kind).toBe(kind)
        expect((await verdict(fault(own), fault(kind))).kind).toBe(kind)
      }
    },
  )

  it.each(['content-policy', 'invalid-request', 'client-left', 'deadline'] as const)(
    'is %s as it is, whatever failed before',
    async (kind) => {
      const last = fault(kind, { message: 'the very words' })
      expect(await verdict(busy, last)).toEqual(last)
    },
  )

  it('is a rate that passes, and not a key that the operator must mend, in either order', async () => {
    for (const mine of ['unauthorized', 'misconfigured'] as const) {
      expect((await verdict(fault('rate-limited'), fault(mine))).kind).toBe('rate-limited')
      expect((await verdict(fault(mine), fault('rate-limited'))).kind).toBe('rate-limited')
    }
  })

  it('is the length of the prompt where the largest model refused it, whatever the smaller ones were busy with', async () => {
    const script = { a: [busy], b: [fault('context-length')] }
    const { outcome } = await run(script, { a: 32, b: 128 }, { maxAttempts: 2 })
    expect(outcome).toMatchObject({ ok: false, failure: { kind: 'context-length' } })
    const larger = await run(
      { a: [fault('context-length')], b: [busy] },
      { a: 32, b: 128 },
      { maxAttempts: 2 },
    )
    expect(larger.outcome).toMatchObject({ ok: false, failure: { kind: 'overloaded' } })
  })

  it('takes what a candidate said last for its failure', async () => {
    const { outcome } = await run(
      { a: [lone500, fault('unauthorized')], b: [fault('unauthorized')] },
      { a: 128, b: 128 },
    )
    expect(outcome).toMatchObject({ ok: false, failure: { kind: 'unauthorized' } })
  })
})

describe('the purse', () => {
  it('lets each request ask every candidate once for nothing, and pays for all else', async () => {
    const { candidates, call } = cast(THREE)
    const { service, asked } = play({ a: [busy], b: [busy], c: [busy] })
    const through = layer()(service)
    for (let request = 0; request < 200; request += 1) await through(candidates, call())
    asked.length = 0
    for (let request = 0; request < 100; request += 1) await through(candidates, call())
    // One attempt of each candidate for each request, and a tenth of a coin from each.
    expect(asked.length).toBeGreaterThanOrEqual(309)
    expect(asked.length).toBeLessThanOrEqual(311)
  })

  it('keeps nobody from a candidate that was not asked yet when it is empty', async () => {
    const { candidates, call } = cast(THREE)
    const down = { a: [busy], b: [busy], c: [busy] }
    let current = play(down)
    const through = layer()((asked, on) => current.service(asked, on))
    for (let request = 0; request < 200; request += 1) await through(candidates, call())
    // The one request in ten that finds a coin takes it.
    do {
      current = play(down)
      await through(candidates, call())
    } while (current.asked.length === 3)
    current = play({ a: [lone500], b: [busy], c: ['ok'] })
    expect((await through(candidates, call())).ok).toBe(true)
    expect(current.asked).toEqual(['a', 'b', 'c'])
  })

  it('never pays more than ten and a tenth of the requests, whatever fails', async () => {
    const line = fc.constantFrom<Failure | 'ok'>('ok', lone500, busy, fault('timeout'), fault('truncated'))
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            a: fc.array(line, { minLength: 1, maxLength: 4 }),
            b: fc.array(line, { minLength: 1, maxLength: 4 }),
            c: fc.array(line, { minLength: 1, maxLength: 4 }),
          }),
          { minLength: 1, maxLength: 60, size: 'max' },
        ),
        async (scripts) => {
          const { candidates, call } = cast(THREE)
          let again = 0
          let current = play({})
          const through = layer()((asked, on) => current.service(asked, on))
          for (const script of scripts) {
            current = play(script)
            await through(candidates, call())
            again += current.asked.length - new Set(current.asked).size
          }
          expect(again).toBeLessThanOrEqual(10 + 0.1 * scripts.length + 1e-9)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('is not spent by requests that succeed', async () => {
    const { candidates, call } = cast(THREE)
    const good = play({ a: ['ok'] })
    let current = good
    const through = layer()((asked, on) => current.service(asked, on))
    for (let request = 0; request < 500; request += 1) await through(candidates, call())
    current = play({ a: [lone500, 'ok'] })
    await through(candidates, call())
    expect(current.asked).toEqual(['a', 'a'])
  })
})
