import { failed, parseConfig, success, type Failure, type Outcome } from '@paceline/core'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { callFixture } from '../call.fixture.ts'
import { sourceOf, type Answer, type Attempt, type Call, type Service } from '../call.ts'
import type { Candidates } from '../candidate.ts'
import { Purse } from '../purse.ts'
import { setUp } from '../setup.ts'
import { openAiWire } from '../wire/openai/wire.ts'
import { hedge, type HedgeOptions } from './hedge.ts'

const provider = { wire: 'openai', baseUrl: 'https://p.test/v1' } as const
const CONFIG = parseConfig({
  providers: { p: provider, q: provider },
  models: {
    a: { provider: 'p', model: 'a' },
    neighbour: { provider: 'p', model: 'n' },
    b: { provider: 'q', model: 'b' },
  },
  routes: { chat: { candidates: ['a', 'neighbour', 'b'] } },
  keys: { app: { secretFrom: 'KEY' } },
})
const [route] = setUp(CONFIG, {}).routes
const request = openAiWire.parseRequest({
  model: 'chat',
  stream: true,
  messages: [{ role: 'user', content: 'x' }],
})
if (route === undefined || !request.ok) throw new Error('the cast is broken')
const candidates = route.candidates as unknown as Candidates
const callOf = (more: Partial<Call> = {}): Call => callFixture({ route, request: request.value, ...more })

const BROKEN: Failure = { kind: 'overloaded', phase: 'headers', message: '' }
const PATIENCE_MS = 200

/** How each candidate behaves: after how long it speaks or fails; it never does where it is left out. */
type Script = Readonly<Record<string, { readonly ms: number; readonly result: 'speaks' | 'fails' }>>

interface Race {
  readonly outcome: Promise<Outcome<Answer>>
  /** When each candidate was asked, and when it was given up or left, in ms from the start. */
  readonly asked: Record<string, number>
  readonly ended: Record<string, number>
}

function run(script: Script, call = callOf(), options: Partial<HedgeOptions> = {}): Race {
  const startedAt = Date.now()
  const asked: Record<string, number> = {}
  const ended: Record<string, number> = {}
  const ask: Service<Attempt, Answer> = (attempt) =>
    new Promise((resolve) => {
      const { id } = attempt.candidate
      asked[id] = Date.now() - startedAt
      const end = (): void => {
        ended[id] ??= Date.now() - startedAt
      }
      attempt.giveUp = () => {
        end()
        resolve(failed({ kind: 'beaten', phase: 'first-output', message: '' }))
      }
      const line = script[id]
      if (line === undefined) return
      setTimeout(() => {
        const events = (async function* () {})()
        resolve(
          line.result === 'fails'
            ? failed(BROKEN)
            : success({ kind: 'stream', source: sourceOf(attempt.candidate), events, leave: end }),
        )
      }, line.ms)
    })
  const layer = hedge({
    purse: new Purse(),
    patienceMs: () => PATIENCE_MS,
    ...options,
  })
  return { outcome: layer(ask)(candidates, call), asked, ended }
}

const winnerOf = async ({ outcome }: Race): Promise<string> => {
  const settled = await outcome
  return settled.ok ? settled.value.source.model : settled.failure.kind
}

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => void vi.useRealTimers())
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

describe('a hedge', () => {
  it('starts nothing beside a candidate that speaks in time', async () => {
    const race = run({ a: { ms: 199, result: 'speaks' } })
    await pass(1_000)
    expect(await winnerOf(race)).toBe('a')
    expect(race.asked).toEqual({ a: 0 })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('starts at another provider once the patience is over, and the first that speaks wins', async () => {
    const race = run({ a: { ms: 900, result: 'speaks' }, b: { ms: 50, result: 'speaks' } })
    await pass(2_000)
    expect(await winnerOf(race)).toBe('b')
    expect(race.asked).toEqual({ a: 0, b: 200 })
    // The slow one is given up at that moment.
    expect(race.ended).toEqual({ a: 250 })
  })

  it('is given up when the first candidate speaks after all', async () => {
    const race = run({ a: { ms: 230, result: 'speaks' }, b: { ms: 90, result: 'speaks' } })
    await pass(2_000)
    expect(await winnerOf(race)).toBe('a')
    expect(race.ended).toEqual({ b: 230 })
  })

  it('never wins by a failure, nor lets one win', async () => {
    const failing = run({ a: { ms: 900, result: 'speaks' }, b: { ms: 10, result: 'fails' } })
    await pass(2_000)
    expect(await winnerOf(failing)).toBe('a')
    const saving = run({ a: { ms: 250, result: 'fails' }, b: { ms: 500, result: 'speaks' } })
    await pass(2_000)
    expect(await winnerOf(saving)).toBe('b')
  })

  it('leaves a failure before its time to failing over', async () => {
    const race = run({ a: { ms: 50, result: 'fails' }, b: { ms: 50, result: 'speaks' } })
    await pass(1_000)
    expect(await winnerOf(race)).toBe('overloaded')
    expect(race.asked).toEqual({ a: 0 })
  })

  it('fails only when both have failed', async () => {
    const race = run({ a: { ms: 250, result: 'fails' }, b: { ms: 400, result: 'fails' } })
    await pass(2_000)
    expect(await winnerOf(race)).toBe('overloaded')
  })

  it.each<[string, Partial<Call>]>([
    ['hedging is off', { mayHedge: false }],
    ['no attempt is left to make', { maxAttempts: 1 }],
    ['the other provider is only there for the worst', { reserve: new Set(['b']) }],
  ])('does not start where %s', async (_, more) => {
    const race = run({ a: { ms: 900, result: 'speaks' } }, callOf(more))
    await pass(2_000)
    expect(await winnerOf(race)).toBe('a')
    expect(race.asked).toEqual({ a: 0 })
  })

  it('is paid, and does not start when the purse is empty', async () => {
    const purse = new Purse()
    while (purse.pay(0));
    const race = run({ a: { ms: 900, result: 'speaks' } }, callOf(), { purse })
    await pass(2_000)
    expect(await winnerOf(race)).toBe('a')
    expect(race.asked).toEqual({ a: 0 })
  })

  it('starts at once, and for nothing, beside a candidate that is only tried', async () => {
    const purse = new Purse()
    while (purse.pay(0));
    const race = run(
      { a: { ms: 900, result: 'speaks' }, b: { ms: 50, result: 'speaks' } },
      callOf({ trickle: true }),
      { purse },
    )
    await pass(2_000)
    expect(await winnerOf(race)).toBe('b')
    expect(race.asked).toEqual({ a: 0, b: 0 })
    // It has its patience to show that it is well again.
    expect(race.ended).toEqual({ a: 250 })
  })

  it('starts at a neighbour that is well beside one that is only tried, where no other provider is', async () => {
    const only = callOf({ trickle: true, reserve: new Set(['b']) })
    const race = run({ a: { ms: 900, result: 'speaks' }, neighbour: { ms: 50, result: 'speaks' } }, only)
    await pass(2_000)
    expect(await winnerOf(race)).toBe('neighbour')
    expect(race.asked).toEqual({ a: 0, neighbour: 0 })
  })

  it('gives whoever speaks first to the caller, and ends the other, whatever their times', async () => {
    const line = fc.record({
      ms: fc.integer({ min: 0, max: 1_000 }),
      result: fc.constantFrom('speaks' as const, 'fails' as const),
    })
    await fc.assert(
      fc.asyncProperty(line, line, async (a, b) => {
        const race = run({ a, b })
        await pass(3_000)
        const winner = await winnerOf(race)
        const isAsked = race.asked['b'] !== undefined
        // In a tie at the end of the patience either may come first.
        expect(isAsked || a.ms <= PATIENCE_MS).toBe(true)
        expect(isAsked && a.ms < PATIENCE_MS).toBe(false)
        const speakers = [
          ...(a.result === 'speaks' ? [{ id: 'a', at: a.ms }] : []),
          ...(isAsked && b.result === 'speaks' ? [{ id: 'b', at: PATIENCE_MS + b.ms }] : []),
        ]
        const first = Math.min(...speakers.map(({ at }) => at))
        const best = speakers.filter(({ at }) => at === first).map(({ id }) => id)
        expect(best.length === 0 ? ['overloaded'] : best).toContain(winner)
        const losers = speakers.filter(({ id }) => id !== winner).map(({ id }) => race.ended[id] ?? -1)
        expect(losers.every((at) => at >= first)).toBe(true)
        expect(vi.getTimerCount()).toBe(0)
      }),
    )
  })
})
