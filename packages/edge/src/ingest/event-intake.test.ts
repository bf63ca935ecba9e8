import { parseConfig, type EventsAnswer } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { Receipts } from '../receipt/receipts.ts'
import type { Batch, IngestAnswer, Kept } from './arrival.ts'
import { EventIntake, type IntakeHost } from './event-intake.ts'
import { setUpIngest, type IngestSetup } from './ingest-setup.ts'
import type { ShownSample } from './witnessed.ts'

const receipts = new Receipts('a secret')
const CONFIG = parseConfig({
  providers: { p: { wire: 'openai', baseUrl: 'https://p.test/v1' } },
  models: {
    quick: { provider: 'p', model: 'q' },
    thinks: { provider: 'p', model: 't', ttfvtTargetMs: 5_000 },
  },
  routes: { chat: { candidates: ['quick', 'thinks'], ttfvtTargetMs: 700 } },
  keys: { app: { secretFrom: 'APP_KEY' } },
  browserKeys: { page: { keyFrom: 'PAGE_KEY', origins: ['https://app.test'] } },
})
const setUp = (environment: Record<string, string> = { APP_KEY: 'sk', PAGE_KEY: 'pk' }): IngestSetup =>
  setUpIngest(CONFIG, environment, receipts)

/** Shards that keep everything, and write down what they were handed. */
function recording(
  answer: (batch: Batch) => IngestAnswer | null = () => null,
): IntakeHost & { batches: Batch[]; witnessed: ShownSample[] } {
  const batches: Batch[] = []
  const witnessed: ShownSample[] = []
  return {
    batches,
    witnessed,
    witness: (shown) => void witnessed.push(...shown),
    directives: { epoch: 3, version: 4 },
    ingest(batch) {
      batches.push(batch)
      const kept = batch.arrivals.map(() => ({ verdict: 'accepted', evidence: undefined }) as const)
      return Promise.resolve(answer(batch) ?? { kind: 'kept', kept })
    },
  }
}

const event = (id: string, data: object = {}, source = '/browser/s'): object => ({
  specversion: '1.0',
  id,
  source,
  type: 'ai.turn.lost',
  time: '2026-11-22T16:30:00.000Z',
  data: { reason: 'abandoned', afterMs: 5, ...data },
})

const send = (
  host: IntakeHost,
  events: readonly unknown[],
  { intake = new EventIntake(), setup = setUp(), key = 'pk' } = {},
): Promise<Response> =>
  intake.handle(
    new Request('https://edge.test/events', {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        origin: 'https://app.test',
        'content-type': 'application/json',
      },
      body: JSON.stringify(events),
    }),
    setup,
    host,
  )

async function proofFor(candidate: string, route = 'chat'): Promise<{ proof: string; call: string }> {
  const { call, receipt } = await receipts.mint({ route, candidate, directives: 9, issuedAt: Date.now() })
  return { proof: `${call}.${receipt}`, call }
}

describe('taking events', () => {
  it('tells of the newest directives with the verdicts', async () => {
    const response = await send(recording(), [event('a')])
    expect(await response.json()).toEqual({
      verdicts: [{ id: 'a', verdict: 'accepted' }],
      directives: { epoch: 3, version: 4 },
    } satisfies EventsAnswer)
  })

  it('opens each proof, and holds a time against what its own candidate is held to', async () => {
    const host = recording()
    const [quick, thinks, gone] = await Promise.all([proofFor('quick'), proofFor('thinks'), proofFor('gone')])
    await send(host, [
      event('quick', { proof: quick.proof }),
      event('thinks', { proof: thinks.proof }),
      event('gone', { proof: gone.proof }),
      event('none'),
      event('forged', { proof: 'x.y' }),
    ])
    const proofs = new Map(
      host.batches.flatMap(({ arrivals }) =>
        arrivals.map(({ event: { id }, proof }) => [id, proof] as const),
      ),
    )
    const common = { kind: 'valid', route: 'chat', directives: 9 }
    expect(proofs.get('quick')).toEqual({ ...common, call: quick.call, candidate: 'quick', targetMs: 700 })
    expect(proofs.get('thinks')).toEqual({
      ...common,
      call: thinks.call,
      candidate: 'thinks',
      targetMs: 5_000,
    })
    expect(proofs.get('gone')).toEqual({ kind: 'stale' })
    expect(proofs.get('none')).toEqual({ kind: 'none' })
    expect(proofs.get('forged')).toEqual({ kind: 'forged' })
  })

  it('brings all that tell of one call to one shard, and all others to that of their source', async () => {
    const host = recording()
    const { proof } = await proofFor('quick')
    const told = Array.from({ length: 20 }, (_, index) =>
      event(`c-${index}`, { proof }, `/browser/s-${index}`),
    )
    const others = Array.from({ length: 40 }, (_, index) =>
      event(`o-${index}`, {}, `/browser/s-${index % 20}`),
    )
    await send(host, [...told, ...others])
    const shardsOf = (pick: (id: string, source: string) => boolean): Set<number> =>
      new Set(
        host.batches.flatMap(({ shard, arrivals }) =>
          arrivals.filter(({ event: { id, source } }) => pick(id, source)).map(() => shard),
        ),
      )
    expect(shardsOf((id) => id.startsWith('c-')).size).toBe(1)
    expect(shardsOf((id, source) => id.startsWith('o-') && source === '/browser/s-7').size).toBe(1)
    expect(shardsOf((id) => id.startsWith('o-')).size).toBe(4)
    expect(host.batches).toHaveLength(4)
  })

  it('puts verdicts back into the order in which events came, whatever shard they come from', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `e-${index}`)
    const response = await send(
      recording(),
      ids.map((id) => event(id, {}, `/browser/${id}`)),
    )
    const { verdicts } = await response.json<EventsAnswer>()
    expect(verdicts.map(({ id }) => id)).toEqual(ids)
  })

  it('asks no shard where nothing is left to keep', async () => {
    const host = recording()
    expect((await send(host, ['nonsense'])).status).toBe(200)
    expect(host.batches).toEqual([])
  })

  it('puts the whole request off where one shard has had too much', async () => {
    const host = recording(({ shard }) => (shard === 0 ? { kind: 'limited', retryAfterMs: 2_100 } : null))
    const response = await send(
      host,
      Array.from({ length: 40 }, (_, index) => event(`e-${index}`, {}, `/browser/s-${index}`)),
    )
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('3')
  })

  it('says that nothing is certain where a shard fails', async () => {
    const host = recording()
    const failing: IntakeHost = { ...host, ingest: () => Promise.reject(new Error('overloaded')) }
    const response = await send(failing, [event('a')])
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await response.json()).toMatchObject({ retryable: true })
  })

  it('holds each key to its own rate', async () => {
    const intake = new EventIntake()
    const hundred = Array.from({ length: 100 }, () => 0)
    const statuses: number[] = []
    for (let index = 0; index < 230; index += 1) {
      statuses.push((await send(recording(), hundred, { intake })).status)
    }
    expect(statuses.slice(0, 200)).toEqual(Array.from({ length: 200 }, () => 200))
    expect(statuses).toContain(429)
    expect((await send(recording(), hundred, { intake, key: 'sk' })).status).toBe(200)
  })

  it('says that the edge has no keys rather than that the sender is wrong', async () => {
    const response = await send(recording(), [], { setup: setUp({}) })
    expect(response.status).toBe(500)
    expect(await response.json()).toMatchObject({ type: 'urn:paceline:problem:not_configured' })
  })

  it('treats as secret what is secret and publishable at once', async () => {
    const setup = setUp({ APP_KEY: 'same', PAGE_KEY: 'same' })
    const response = await send(recording(), [event('a')], { setup, key: 'same' })
    expect(await response.json()).toMatchObject({ verdicts: [{ verdict: 'refused' }] })
  })
})

describe('what pages prove', () => {
  const turn = (id: string, proof: string, ttfvtMs: number): object => ({
    ...event(id),
    type: 'ai.turn.shown',
    data: {
      ttfvtMs,
      class: 'visible',
      method: 'element-timing',
      errorMs: 4,
      parts: {
        inputToRequestMs: null,
        requestToHeadersMs: null,
        headersToDeltaMs: null,
        deltaToDomMs: null,
        domToPixelMs: 8,
      },
      proof,
    },
  })
  /** Shards whose word on each event is known. */
  const judging = (verdict: Kept['verdict'], evidence: Kept['evidence']) =>
    recording(({ arrivals }) => ({ kind: 'kept', kept: arrivals.map(() => ({ verdict, evidence })) }))

  it('is witnessed for the candidate that answered, held against its own target', async () => {
    const host = judging('accepted', 'counted')
    const [quick, thinks] = await Promise.all([proofFor('quick'), proofFor('thinks')])
    await send(host, [turn('a', quick.proof, 900), turn('b', thinks.proof, 900)])
    expect(host.witnessed.toSorted((a, b) => a.candidate.localeCompare(b.candidate))).toEqual([
      { kind: 'shown', candidate: 'quick', late: true },
      { kind: 'shown', candidate: 'thinks', late: false },
    ])
  })

  it.each([
    ['accepted', 'replayed'],
    ['accepted', 'forged'],
    ['accepted', 'stale'],
    ['accepted', 'unproven'],
    ['accepted', undefined],
    ['duplicate', 'counted'],
  ] as const)('is not witnessed where the shard says %s and %s', async (verdict, evidence) => {
    const host = judging(verdict, evidence)
    await send(host, [turn('a', (await proofFor('quick')).proof, 900)])
    expect(host.batches).toHaveLength(1)
    expect(host.witnessed).toEqual([])
  })

  it('is witnessed although another shard fails: it would come again as a duplicate', async () => {
    const host = judging('accepted', 'counted')
    const proofs = await Promise.all(Array.from({ length: 20 }, () => proofFor('quick')))
    const partly: IntakeHost = {
      ...host,
      ingest: (batch) => (batch.shard === 0 ? Promise.reject(new Error('out')) : host.ingest(batch)),
    }
    const response = await send(
      partly,
      proofs.map(({ proof }, index) => turn(`e-${index}`, proof, 900)),
    )
    expect(response.status).toBe(503)
    const kept = host.batches.reduce((sum, { arrivals }) => sum + arrivals.length, 0)
    expect(kept).toBeGreaterThan(0)
    expect(host.witnessed).toHaveLength(kept)
  })
})
