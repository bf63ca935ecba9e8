import { failed, parseConfig, success, type Failure, type Outcome } from '@paceline/core'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import { callFixture } from '../call.fixture.ts'
import type { Answer, Call, Source } from '../call.ts'
import type { Candidates } from '../candidate.ts'
import { setUp } from '../setup.ts'
import { sleep } from '../sleep.ts'
import { openAiWire } from '../wire/openai/wire.ts'
import type { Part, StreamEvent } from '../wire/part.ts'
import { AnswerCache } from './answer-cache.ts'
import { Backlog } from './backlog.ts'

let hashes: MockInstance<SubtleCrypto['digest']>
beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  hashes = vi.spyOn(crypto.subtle, 'digest')
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const POLICY = { freshMs: 60_000, staleMs: 600_000, refreshAheadMs: 0 }
const START: Part = { kind: 'start', id: 'c', model: 'm' }
const FINISH: Part = { kind: 'finish', reason: 'stop' }
const WORDS: Part = { kind: 'text', text: 'one two' }
const fault = (kind: Failure['kind']): Failure => ({ kind, phase: 'headers', message: kind })
const plain = (...parts: Part[]): StreamEvent => ({ raw: null, parts })

const [route] = setUp(
  parseConfig({
    providers: { p: { wire: 'openai', baseUrl: 'https://p.test/v1' } },
    models: { m: { provider: 'p', model: 'm' } },
    routes: { chat: { candidates: ['m'] } },
    keys: { app: { secretFrom: 'KEY' } },
  }),
  {},
).routes
const candidates = route?.candidates as unknown as Candidates

/** One call that has reached the provider, and what the provider does. */
class Upstream {
  readonly call: Call
  readonly outcome = Promise.withResolvers<Outcome<Answer>>()
  readonly source: Source = { provider: 'p', model: 'm', answer: 'complete' }
  readonly #backlog = new Backlog(() => Infinity)

  constructor(call: Call) {
    this.call = call
    call.signal.addEventListener('abort', () => {
      this.outcome.resolve(failed(fault('client-left')))
      void this.#backlog.push([plain({ kind: 'error', failure: fault('client-left') })])
      this.#backlog.end()
    })
  }

  fail(kind: Failure['kind']): void {
    this.outcome.resolve(failed(fault(kind)))
  }

  say(...events: StreamEvent[]): void {
    void this.#backlog.push(events)
    const value = { kind: 'stream', source: this.source, events: this.#backlog.read() } as const
    this.outcome.resolve(success({ ...value, leave: () => undefined }))
  }

  end(): void {
    this.#backlog.end()
  }

  answer(text: string, isPlain = true): void {
    this.outcome.resolve(success({ kind: 'whole', source: this.source, text, isPlain }))
  }
}

interface Asked {
  readonly call: Call
  readonly leave: () => void
  outcome: Outcome<Answer> | null
  /** What a reader of the stream was told so far. */
  readonly told: StreamEvent[]
  over: boolean
}

interface Asking {
  readonly body?: object
  readonly policy?: Partial<typeof POLICY>
  readonly namespace?: KVNamespace | null
  readonly limits?: Partial<Call>
  readonly isRead?: boolean
}

/** Resolves when everything has gone on that can. Keys are hashes, and those are made on no clock that could be held. */
async function settled(): Promise<void> {
  await Promise.all(hashes.mock.results.map(({ value }) => value as Promise<unknown>))
  await new Promise((resolve) => setImmediate(resolve))
}

function stage() {
  const upstreams: Upstream[] = []
  const cache = new AnswerCache({ now: () => Date.now(), sleep, random: () => 0.5 })
  const service = cache.around((_candidates, call) => {
    const upstream = new Upstream(call)
    upstreams.push(upstream)
    return upstream.outcome.promise
  })
  let calls = 0
  /** Lets everything go on that can, and so much time pass. */
  const pass = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

  async function ask({ body = {}, policy = {}, namespace = null, limits = {}, isRead = true }: Asking = {}) {
    const request = openAiWire.parseRequest({
      model: 'chat',
      stream: true,
      messages: [{ role: 'user', content: 'hi' }],
      ...body,
    })
    if (!request.ok || route === undefined) throw new Error('the stage is broken')
    const client = new AbortController()
    calls += 1
    const call = callFixture({
      id: `call-${calls}`,
      route,
      request: request.value,
      deadlineAt: Date.now() + 120_000,
      signal: client.signal,
      cache: {
        policy: { ...POLICY, ...policy },
        app: 'app',
        tenant: 'acme',
        namespace,
        waitUntil: () => undefined,
      },
      ...limits,
    })
    const told: StreamEvent[] = []
    const asked: Asked = { call, leave: () => client.abort(), outcome: null, told, over: false }
    const listen = async (): Promise<void> => {
      asked.outcome = await service(candidates, call)
      if (!isRead || !asked.outcome.ok || asked.outcome.value.kind === 'whole') return
      for await (const batch of asked.outcome.value.events) told.push(...batch)
      asked.over = true
    }
    void listen()
    await settled()
    return asked
  }

  /** An answer that is kept from now on. */
  async function keepOne(asking: Asking = {}, events = [plain(START), plain(WORDS), plain(FINISH)]) {
    const asked = await ask(asking)
    const upstream = upstreams.at(-1)
    upstream?.say(...events)
    upstream?.end()
    await pass()
    return asked
  }
  return { cache, upstreams, ask, keepOne, pass }
}

const sourceOf = ({ outcome }: Asked): Readonly<Source> | null =>
  outcome?.ok === true ? outcome.value.source : null
const partsOf = ({ told }: Asked): Part[] => told.flatMap(({ parts }) => parts)
const wordsOf = (asked: Asked): string =>
  partsOf(asked)
    .map((part) => (part.kind === 'text' ? part.text : ''))
    .join('')
const failureOf = (asked: Asked): Failure['kind'] | null =>
  (asked.outcome?.ok === false ? asked.outcome.failure.kind : null) ??
  partsOf(asked).find((part) => part.kind === 'error')?.failure.kind ??
  null

describe('a stored answer', () => {
  it('is given while it is fresh, and nobody is asked', async () => {
    const { ask, keepOne, pass, upstreams } = stage()
    await keepOne()
    await pass(59_000)
    const second = await ask()
    await pass()
    expect(second.told).toEqual([plain(START), plain(WORDS), plain(FINISH)])
    expect(sourceOf(second)).toEqual({ provider: 'p', model: 'm', answer: 'cached', ageMs: 59_000 })
    expect(upstreams).toHaveLength(1)
    await pass(1_000)
    await ask()
    expect(upstreams).toHaveLength(2)
  })

  it('is, event by event, what its first asker was told, however it came in', async () => {
    const words = fc.record({
      kind: fc.constantFrom('text' as const, 'reasoning' as const),
      text: fc.string({ minLength: 1, maxLength: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.array(words, { minLength: 1, maxLength: 2 }), { maxLength: 4 }), {
          maxLength: 8,
        }),
        async (batches) => {
          const { ask, upstreams, pass } = stage()
          const first = await ask()
          const [upstream] = upstreams
          upstream?.say(plain(START), { raw: { event: 'ping', data: '{}' }, parts: [] })
          for (const batch of batches) {
            upstream?.say(...batch.map((parts) => plain(...parts)))
            await pass()
          }
          upstream?.say(plain(FINISH))
          upstream?.end()
          await pass()
          const second = await ask()
          await pass()
          expect(sourceOf(second)?.answer).toBe('cached')
          expect(second.told).toEqual(first.told.filter(({ parts }) => parts.length > 0))
        },
      ),
      { numRuns: 20 },
    )
  })

  const text = 'x'.repeat(140_000)
  it.each<[string, StreamEvent[], Partial<Source>?]>([
    ['it called a tool', [plain({ kind: 'tool-call', index: 0, id: 'c', name: 'f' }), plain(FINISH)]],
    ['it said what no part can say', [plain({ kind: 'other' }), plain(WORDS), plain(FINISH)]],
    ['it was too long for its limit', [plain(WORDS), plain({ kind: 'finish', reason: 'length' })]],
    ['it was filtered', [plain(WORDS), plain({ kind: 'finish', reason: 'content-filter' })]],
    ['it went on after its finish marker', [plain(WORDS), plain(FINISH), plain(WORDS), plain(FINISH)]],
    ['it broke off', [plain(WORDS), plain({ kind: 'error', failure: fault('truncated') })]],
    ['it was put together from two', [plain(WORDS), plain(FINISH)], { answer: 'continued' }],
    ['it was too large', [plain({ kind: 'text', text }), plain(FINISH)]],
  ])('is none when %s', async (_why, events, source = {}) => {
    const { ask, upstreams, pass } = stage()
    const first = await ask()
    Object.assign(upstreams[0]?.source ?? {}, source)
    upstreams[0]?.say(plain(START), ...events)
    upstreams[0]?.end()
    await pass()
    expect(first.told).toEqual([plain(START), ...events])
    await ask()
    expect(upstreams).toHaveLength(2)
  })

  it.each([true, false])(
    'of an unstreamed call is given again where it is words alone: %s',
    async (isPlain) => {
      const { ask, upstreams, pass } = stage()
      await ask({ body: { stream: false } })
      upstreams[0]?.answer('words', isPlain)
      await pass()
      const second = await ask({ body: { stream: false } })
      expect(upstreams).toHaveLength(isPlain ? 1 : 2)
      expect(sourceOf(second)?.answer ?? null).toBe(isPlain ? 'cached' : null)
    },
  )

  it('is given, labelled as stale, when nobody could answer, and takes the receipt of the failure with it', async () => {
    const { ask, keepOne, upstreams, pass } = stage()
    await keepOne()
    await pass(599_000)
    const asked = await ask()
    upstreams[1]?.fail('overloaded')
    await pass()
    expect(sourceOf(asked)).toMatchObject({ answer: 'stale', ageMs: 599_000 })
    expect(wordsOf(asked)).toBe('one two')
    expect(asked.outcome).not.toHaveProperty('value.receipt')
  })

  it('is not given for a failure when it was purged while the call was under way', async () => {
    const { ask, keepOne, upstreams, pass, cache } = stage()
    await keepOne()
    await pass(60_000)
    const asked = await ask()
    await cache.purge('acme', null)
    upstreams[1]?.fail('overloaded')
    await pass()
    expect(failureOf(asked)).toBe('overloaded')
  })

  it('is too old for everything after staleMs', async () => {
    const { ask, keepOne, upstreams, pass } = stage()
    await keepOne()
    await pass(600_000)
    const asked = await ask()
    upstreams[1]?.fail('overloaded')
    await pass()
    expect(failureOf(asked)).toBe('overloaded')
  })

  it.each(['invalid-request', 'content-policy', 'context-length', 'client-left'] as const)(
    'is not given in place of a failure that belongs to the caller: %s',
    async (kind) => {
      const { ask, keepOne, upstreams, pass } = stage()
      await keepOne()
      await pass(60_000)
      const asked = await ask()
      upstreams[1]?.fail(kind)
      await pass()
      expect(failureOf(asked)).toBe(kind)
    },
  )

  it('is gone after a purge, also when it was under way then', async () => {
    const { ask, upstreams, pass, cache } = stage()
    await ask()
    await pass(10)
    await cache.purge('acme', null)
    upstreams[0]?.say(plain(START), plain(WORDS), plain(FINISH))
    upstreams[0]?.end()
    await pass(1)
    await ask()
    expect(upstreams).toHaveLength(2)
  })

  it('is asked for ahead within a budget: a tenth of the answers that were saved, and ten', async () => {
    const { ask, keepOne, upstreams, pass } = stage()
    const policy = { refreshAheadMs: 59_000 }
    await keepOne({ policy })
    await pass(2_000)
    for (let hits = 0; hits < 100; hits += 1) {
      expect(sourceOf(await ask({ policy }))?.answer).toBe('cached')
      upstreams.at(-1)?.fail('overloaded')
      await pass()
    }
    expect(upstreams.length - 1).toBeGreaterThanOrEqual(10)
    expect(upstreams.length - 1).toBeLessThanOrEqual(20)
  })

  it('gives way to the one that was asked for ahead', async () => {
    const { ask, keepOne, upstreams, pass } = stage()
    const policy = { refreshAheadMs: 59_000 }
    await keepOne({ policy })
    await pass(2_000)
    await ask({ policy })
    upstreams[1]?.say(plain(START), plain({ kind: 'text', text: 'anew' }), plain(FINISH))
    upstreams[1]?.end()
    await pass()
    const third = await ask({ policy })
    await pass()
    expect([wordsOf(third), sourceOf(third)?.ageMs]).toEqual(['anew', 0])
  })

  it('costs a call nothing that may not use it', async () => {
    const { ask, upstreams } = stage()
    const asked = await ask({ limits: { cache: null } })
    expect(upstreams[0]?.call).toBe(asked.call)
  })
})

/** KV that takes its time, or never answers. */
const slowKv = (ms: number, held: Readonly<Record<string, string>> = {}): KVNamespace =>
  ({
    get: async (key: string) => {
      await sleep(ms)
      return Object.entries(held).find(([prefix]) => key.startsWith(prefix))?.[1] ?? null
    },
    put: () => Promise.resolve(),
  }) as unknown as KVNamespace

describe('KV', () => {
  const stored = JSON.stringify({
    provider: 'p',
    model: 'm',
    askedAt: 900_000,
    givenAt: 900_000,
    body: { kind: 'stream', events: ['tone two', JSON.stringify([FINISH])] },
  })

  it('holds nobody up for longer than 50 ms', async () => {
    const { ask, upstreams, pass } = stage()
    await ask({ namespace: slowKv(1e9) })
    await pass(49)
    expect(upstreams).toHaveLength(0)
    await pass(1)
    expect(upstreams).toHaveLength(1)
  })

  it('may come late and still help when nobody could answer', async () => {
    const { ask, upstreams, pass } = stage()
    const asked = await ask({ namespace: slowKv(80, { 'answer:': stored }) })
    await pass(50)
    expect(upstreams).toHaveLength(1)
    await pass(100)
    upstreams[0]?.fail('unreachable')
    await pass(100)
    expect(sourceOf(asked)).toMatchObject({ answer: 'stale' })
  })

  it('gives nothing that was purged', async () => {
    const { ask, upstreams, pass } = stage()
    const purge = JSON.stringify({ purgedAt: 900_000 })
    const asked = await ask({ namespace: slowKv(1, { 'answer:': stored, 'purge:': purge }) })
    await pass(50)
    expect(upstreams).toHaveLength(1)
    upstreams[0]?.fail('unreachable')
    await pass(100)
    expect(failureOf(asked)).toBe('unreachable')
  })

  it('gives nothing of which it can’t say whether it was purged', async () => {
    const { ask, upstreams, pass } = stage()
    const asked = await ask({ namespace: slowKv(1, { 'answer:': stored, 'purge:': 'damaged' }) })
    await pass(50)
    expect(upstreams).toHaveLength(1)
    upstreams[0]?.fail('unreachable')
    await pass(100)
    expect(failureOf(asked)).toBe('unreachable')
  })
})

describe('calls that ask the same at the same time', () => {
  it('are one attempt', async () => {
    const { ask, upstreams, pass } = stage()
    const asked = [await ask(), await ask(), await ask()]
    await pass(100)
    upstreams[0]?.say(plain(START), plain(WORDS))
    await pass(100)
    for (const one of asked) expect(wordsOf(one)).toBe('one two')
    upstreams[0]?.say(plain(FINISH))
    upstreams[0]?.end()
    await pass(100)
    expect(asked.map(({ over }) => over)).toEqual([true, true, true])
    expect(upstreams).toHaveLength(1)
  })

  it('have the next one ask when the first has failed, and the rest ask apart when that one has, too', async () => {
    const { ask, upstreams, pass } = stage()
    const asked = [await ask(), await ask(), await ask(), await ask()]
    await pass(100)
    upstreams[0]?.fail('overloaded')
    await pass(100)
    expect(upstreams).toHaveLength(2)
    upstreams[1]?.fail('overloaded')
    await pass(60)
    expect(upstreams).toHaveLength(2)
    await pass(200)
    expect(upstreams).toHaveLength(4)
    for (const upstream of upstreams) upstream.fail('overloaded')
    await pass(100)
    expect(asked.map(failureOf)).toEqual(Array.from(asked, () => 'overloaded'))
  })

  it('don’t ask again for what all providers have just failed at, where an older answer is at hand', async () => {
    const { ask, keepOne, upstreams, pass } = stage()
    await keepOne()
    await pass(60_000)
    const asked = [await ask(), await ask(), await ask()]
    await pass(100)
    upstreams[1]?.fail('overloaded')
    await pass(100)
    expect(asked.map((one) => sourceOf(one)?.answer)).toEqual(['stale', 'stale', 'stale'])
    expect(upstreams).toHaveLength(2)
  })

  it('each ask at once where the answer can’t be shared', async () => {
    const { ask, upstreams, pass } = stage()
    const asked = [await ask(), await ask(), await ask()]
    await pass(100)
    upstreams[0]?.say(plain(START, { kind: 'other' }), plain(FINISH))
    upstreams[0]?.end()
    await pass(60)
    expect(upstreams).toHaveLength(3)
    for (const upstream of upstreams.slice(1)) {
      upstream.say(plain(START), plain(WORDS), plain(FINISH))
      upstream.end()
    }
    await pass(100)
    expect(asked.map(({ over }) => over)).toEqual([true, true, true])
  })

  it('get all of an answer that outgrows what can be held, as long as they keep up with it', async () => {
    const { ask, upstreams, pass } = stage()
    const [leader, follower] = [await ask(), await ask()]
    await pass(100)
    upstreams[0]?.say(plain(START))
    const piece = plain({ kind: 'text', text: 'x'.repeat(1_000) })
    for (let pieces = 0; pieces < 1_000; pieces += 1) {
      upstreams[0]?.say(piece)
      await pass(1)
    }
    const latecomer = await ask()
    upstreams[0]?.say(plain(FINISH))
    upstreams[0]?.end()
    await pass(100)
    for (const asked of [leader, follower]) {
      expect(wordsOf(asked)).toHaveLength(1_000_000)
      expect([asked.over, failureOf(asked)]).toEqual([true, null])
    }
    expect(upstreams[1]?.call.id).toBe(latecomer.call.id)
  })

  it('go on under a leader whose client has left, for 28 s at most', async () => {
    const { ask, upstreams, pass } = stage()
    const leader = await ask({ isRead: false })
    const follower = await ask()
    upstreams[0]?.say(plain(START), plain(WORDS))
    await pass(100)
    leader.leave()
    await pass(27_000)
    expect(upstreams[0]?.call.signal.aborted).toBe(false)
    upstreams[0]?.say(plain({ kind: 'text', text: ' three' }))
    await pass(100)
    expect(wordsOf(follower)).toBe('one two three')
    await pass(1_500)
    expect(upstreams[0]?.call.signal.aborted).toBe(true)
    await pass(100)
    expect([follower.over, failureOf(follower)]).toEqual([true, 'truncated'])
  })

  it('don’t keep a provider busy for which nobody waits', async () => {
    const { ask, upstreams, pass } = stage()
    const leader = await ask({ isRead: false })
    const follower = await ask()
    await pass(1_000)
    leader.leave()
    await pass(1_000)
    expect(upstreams[0]?.call.signal.aborted).toBe(false)
    follower.leave()
    await pass(300)
    expect(upstreams[0]?.call.signal.aborted).toBe(true)
  })

  it('don’t wait for a slow leader, while an answer that nobody else reads comes at its client’s pace', async () => {
    const { ask, upstreams, pass } = stage()
    await ask({ isRead: false })
    const piece = plain({ kind: 'text', text: 'x' })
    upstreams[0]?.say(plain(START), piece)
    const rest = Array.from({ length: 1_000 }, () => piece)
    for (const one of rest) {
      await pass()
      upstreams[0]?.say(one)
    }
    const follower = await ask()
    await pass(10)
    const before = wordsOf(follower).length
    expect(before).toBeLessThan(500)
    await pass(300)
    expect(wordsOf(follower)).toHaveLength(1_001)
  })

  it('are cut off at once when the only caller leaves', async () => {
    const { ask, upstreams } = stage()
    const leader = await ask()
    leader.leave()
    expect(upstreams[0]?.call.signal.aborted).toBe(true)
  })
})
