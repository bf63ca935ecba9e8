import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { PacelineEvent, Report } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import type { Arrival, IngestAnswer, OpenedProof } from './arrival.ts'
import type { EventIngest } from './event-ingest.ts'
import { EventShard, type Listener } from './event-shard.ts'

const namespace = (env as unknown as { EVENT_INGEST: DurableObjectNamespace<EventIngest> }).EVENT_INGEST
/** Storage is shared between the tests of a file, so each has an object of its own. */
const fresh = (): DurableObjectStub<EventIngest> => namespace.get(namespace.newUniqueId())

/** Far ahead, so that no alarm of the platform goes off in the middle of a test. */
const START = Date.UTC(2100, 0, 1)
const HOUR = 3_600_000

interface Shown {
  readonly id?: string
  readonly source?: string
  readonly ttfvtMs?: number
  readonly class?: 'visible' | 'was-hidden'
}

const shown = ({
  id = 'e-1',
  source = '/browser/s-1',
  ttfvtMs = 300,
  ...rest
}: Shown = {}): PacelineEvent => ({
  specversion: '1.0',
  id,
  source,
  type: 'ai.turn.shown',
  time: '2100-01-01T00:00:00.000Z',
  data: {
    ttfvtMs,
    class: rest.class ?? 'visible',
    method: 'element-timing',
    errorMs: 4,
    parts: {
      inputToRequestMs: null,
      requestToHeadersMs: null,
      headersToDeltaMs: null,
      deltaToDomMs: null,
      domToPixelMs: 8,
    },
    proof: 'CALL.RECEIPT',
  },
})
const receiptOf = (call: string, candidate = 'gpt'): OpenedProof => ({
  kind: 'valid',
  call,
  route: 'chat',
  candidate,
  directives: 7,
  targetMs: 800,
})
const arrival = (event: PacelineEvent, proof: OpenedProof = { kind: 'none' }): Arrival => ({ event, proof })

/** A coordinator that writes down what it hears, and may be out. */
class Recorder implements Listener {
  readonly heard: Report[] = []
  isOut = false

  observe(report: Report): Promise<void> {
    if (this.isOut) return Promise.reject(new Error('out'))
    this.heard.push(report)
    return Promise.resolve()
  }
}

interface Rig {
  readonly shard: EventShard
  readonly storage: DurableObjectStorage
  readonly recorder: Recorder
  /** Ingests, and does what is due, as the object does with each request. */
  readonly send: (...arrivals: Arrival[]) => Promise<IngestAnswer>
  readonly advance: (ms: number) => void
}

/** A shard on real storage, under a clock and a coordinator of the test's own. */
function within(
  object: DurableObjectStub<EventIngest>,
  work: (rig: Rig) => Promise<void>,
  at = START,
): Promise<void> {
  return runInDurableObject(object, async (_instance, { storage }) => {
    let now = at
    const recorder = new Recorder()
    const shard = new EventShard(storage, recorder, () => now)
    await work({
      shard,
      storage,
      recorder,
      advance: (ms) => (now += ms),
      async send(...arrivals) {
        const answer = shard.ingest({ shard: 2, arrivals })
        await shard.attend()
        return answer
      },
    })
  })
}

const accepted = (evidence?: string): object => ({
  kind: 'kept',
  kept: [{ verdict: 'accepted', evidence }],
})

describe('EventIngest', () => {
  it('keeps an event once, and says of its evidence what it said before', async () => {
    const object = fresh()
    const batch = { shard: 0, arrivals: [arrival(shown())] }
    expect(await object.ingest(batch)).toEqual(accepted('unproven'))
    expect(await object.ingest(batch)).toMatchObject({
      kept: [{ verdict: 'duplicate', evidence: 'unproven' }],
    })
    await evictDurableObject(object)
    expect(await object.ingest(batch)).toMatchObject({ kept: [{ verdict: 'duplicate' }] })
  })

  it('sets an alarm for what it keeps', async () => {
    const object = fresh()
    await object.ingest({ shard: 0, arrivals: [arrival(shown())] })
    expect(await runDurableObjectAlarm(object)).toBe(true)
  })
})

describe('a shard', () => {
  it('tells events apart by source and id together', () =>
    within(fresh(), async ({ send }) => {
      const answer = await send(
        arrival(shown()),
        arrival(shown({ id: 'e-2' })),
        arrival(shown({ source: '/browser/s-2' })),
        arrival(shown()),
      )
      const verdicts = answer.kind === 'kept' ? answer.kept.map(({ verdict }) => verdict) : []
      expect(verdicts).toEqual(['accepted', 'accepted', 'accepted', 'duplicate'])
    }))

  it('tells of a late time with a receipt at once, as the route and candidate of the receipt', () =>
    within(fresh(), async ({ send, recorder }) => {
      expect(await send(arrival(shown({ ttfvtMs: 900 }), receiptOf('call-1')))).toEqual(accepted('counted'))
      expect(recorder.heard).toMatchObject([
        {
          from: 'ingest:2',
          observations: [
            {
              origin: 'browser',
              route: 'chat',
              candidate: 'gpt',
              directives: 7,
              summary: { count: 1, late: 1, suffix: 1 },
            },
          ],
          refusals: [],
        },
      ])
    }))

  it('gathers times that are not late for less than a second', () =>
    within(fresh(), async ({ send, recorder, storage, shard, advance }) => {
      await send(arrival(shown({ id: 'a' }), receiptOf('call-a')))
      advance(400)
      await send(
        arrival(shown({ id: 'b' }), receiptOf('call-b')),
        arrival(shown({ id: 'c' }), receiptOf('call-c', 'claude')),
      )
      expect(recorder.heard).toEqual([])
      expect(await storage.getAlarm()).toBe(START + 800)
      advance(400)
      await shard.alarm()
      expect(recorder.heard).toHaveLength(1)
      expect(recorder.heard[0]?.observations).toMatchObject([
        { candidate: 'gpt', summary: { count: 2, late: 0 } },
        { candidate: 'claude', summary: { count: 1, late: 0 } },
      ])
    }))

  it('counts a receipt once, and tells of who shows it again', () =>
    within(fresh(), async ({ send, recorder, shard, advance }) => {
      await send(arrival(shown({ ttfvtMs: 900 }), receiptOf('call-1')))
      const thief = shown({ id: 'e-2', source: '/browser/thief', ttfvtMs: 5_000 })
      expect(await send(arrival(thief, receiptOf('call-1')))).toEqual(accepted('replayed'))
      advance(800)
      await shard.alarm()
      expect(recorder.heard.flatMap(({ observations }) => observations)).toHaveLength(1)
      expect(recorder.heard[1]).toMatchObject({
        observations: [],
        refusals: [{ what: 'evidence-replayed', source: '/browser', count: 1 }],
      })
    }))

  it('counts a receipt once over a restart and within one batch', async () => {
    const object = fresh()
    await within(object, async ({ send }) => {
      const answer = await send(
        arrival(shown({ id: 'a' }), receiptOf('call-1')),
        arrival(shown({ id: 'b' }), receiptOf('call-1')),
      )
      expect(answer).toMatchObject({ kept: [{ evidence: 'counted' }, { evidence: 'replayed' }] })
    })
    await evictDurableObject(object)
    await within(object, async ({ send }) => {
      expect(await send(arrival(shown({ id: 'c' }), receiptOf('call-1')))).toEqual(accepted('replayed'))
    })
  })

  it.each(['forged', 'stale'] as const)('keeps an event whose receipt is %s, and counts nothing', (kind) =>
    within(fresh(), async ({ send, recorder, shard, advance }) => {
      expect(await send(arrival(shown({ ttfvtMs: 9_000 }), { kind }))).toEqual(accepted(kind))
      advance(800)
      await shard.alarm()
      expect(recorder.heard).toMatchObject([
        { observations: [], refusals: [{ what: `evidence-${kind}`, source: '/browser', count: 1 }] },
      ])
    }),
  )

  it('counts no time that nobody could see, and its receipt is spent all the same', () =>
    within(fresh(), async ({ send, recorder, advance, shard }) => {
      const hidden = shown({ id: 'hidden', class: 'was-hidden', ttfvtMs: 9_000 })
      expect(await send(arrival(hidden, receiptOf('call-1')))).toEqual(accepted())
      expect(await send(arrival(shown(), receiptOf('call-1')))).toEqual(accepted('replayed'))
      advance(1_000)
      await shard.alarm()
      expect(recorder.heard.flatMap(({ observations }) => observations)).toEqual([])
    }))

  it('passes on that somebody was sent directives that they had to refuse', () =>
    within(fresh(), async ({ send, recorder }) => {
      const refused: PacelineEvent = {
        specversion: '1.0',
        id: 'd-1',
        source: '/server/api',
        type: 'directive.refused',
        time: '2100-01-01T00:00:00.000Z',
        data: { reason: 'wrongly-signed' },
      }
      await send(arrival(refused), arrival({ ...refused, id: 'd-2' }), arrival(refused))
      expect(recorder.heard).toMatchObject([
        {
          refusals: [
            { what: 'directive-refused', source: '/server/api', reason: 'wrongly-signed', count: 2 },
          ],
        },
      ])
    }))

  it('lets no made-up senders and proofs hurry it, and makes one line of each kind of them', () =>
    within(fresh(), async ({ send, recorder, shard, storage, advance }) => {
      const refused = (id: number): PacelineEvent => ({
        specversion: '1.0',
        id: `d-${id}`,
        source: `/browser/made-up-${id}`,
        type: 'directive.refused',
        time: '2100-01-01T00:00:00.000Z',
        data: { reason: id % 2 === 0 ? 'older' : 'malformed' },
      })
      for (let round = 0; round < 5; round += 1) {
        const flood = Array.from({ length: 30 }, (_, index) => 30 * round + index)
        await send(
          ...flood.map((id) => arrival(shown({ source: `/browser/made-up-${id}` }), { kind: 'forged' })),
          ...flood.map((id) => arrival(refused(id))),
        )
        advance(100)
      }
      expect(recorder.heard).toEqual([])
      expect(await storage.getAlarm()).toBe(START + 800)
      advance(300)
      await shard.alarm()
      expect(recorder.heard.map(({ refusals }) => refusals)).toEqual([
        [
          { what: 'evidence-forged', source: '/browser', count: 150 },
          { what: 'directive-refused', source: '/browser', count: 150 },
        ],
      ])
    }))

  it('numbers its reports upwards, and goes on behind the last number after a restart', async () => {
    const object = fresh()
    const sequences: number[] = []
    const late = (id: string): Arrival => arrival(shown({ id, ttfvtMs: 900 }), receiptOf(id))
    await within(object, async ({ send, recorder }) => {
      await send(late('a'))
      await send(late('b'))
      sequences.push(...recorder.heard.map(({ sequence }) => sequence))
    })
    await evictDurableObject(object)
    // The clock may have gone back.
    await within(
      object,
      async ({ send, recorder }) => {
        await send(late('c'))
        sequences.push(...recorder.heard.map(({ sequence }) => sequence))
      },
      START - HOUR,
    )
    expect(sequences).toEqual([START + 1, START + 2, START + 3])
  })

  it('tells after a crash what it kept before it', async () => {
    const object = fresh()
    await within(object, ({ shard, storage }) => {
      // Kept, and the crash comes before anything else is done.
      shard.ingest({ shard: 2, arrivals: [arrival(shown({ ttfvtMs: 900 }), receiptOf('call-1'))] })
      return storage.getAlarm().then((at) => expect(at).toBe(START + 800))
    })
    await evictDurableObject(object)
    await within(
      object,
      async ({ shard, recorder }) => {
        await shard.alarm()
        expect(recorder.heard).toMatchObject([{ observations: [{ summary: { count: 1, late: 1 } }] }])
        await shard.alarm()
        expect(recorder.heard).toHaveLength(1)
      },
      START + 800,
    )
  })

  it('sends under the same number what it does not know to have arrived', async () => {
    const object = fresh()
    const sent: Report[] = []
    await within(object, async ({ shard, storage }) => {
      const dies: Listener = {
        observe(report) {
          sent.push(report)
          return new Promise(() => undefined)
        },
      }
      const first = new EventShard(storage, dies, () => START)
      first.ingest({ shard: 2, arrivals: [arrival(shown({ id: 'a', ttfvtMs: 900 }), receiptOf('call-a'))] })
      // Heard by the coordinator, but the crash comes before its answer.
      void first.attend()
      first.ingest({ shard: 2, arrivals: [arrival(shown({ id: 'b', ttfvtMs: 900 }), receiptOf('call-b'))] })
      expect(sent).toHaveLength(1)
      expect(shard).toBeDefined()
    })
    await evictDurableObject(object)
    await within(
      object,
      async ({ shard, recorder }) => {
        await shard.alarm()
        expect(recorder.heard).toHaveLength(2)
        expect(recorder.heard[0]).toEqual(sent[0])
        expect(recorder.heard[1]?.sequence).toBe((sent[0]?.sequence ?? 0) + 1)
      },
      START + 800,
    )
  })

  it('goes on keeping while the coordinator is out, asks again after longer and longer waits, and tells all in two reports', () =>
    within(fresh(), async ({ send, shard, recorder, storage, advance }) => {
      recorder.isOut = true
      await send(arrival(shown({ id: 'first', ttfvtMs: 900 }), receiptOf('first')))
      const waits: number[] = []
      let now = START
      for (let index = 0; index < 10; index += 1) {
        const more = arrival(shown({ id: `more-${index}`, ttfvtMs: 900 }), receiptOf(`more-${index}`))
        expect(await send(more)).toEqual(accepted('counted'))
        const at = (await storage.getAlarm()) ?? 0
        waits.push(at - now)
        advance(at - now)
        now = at
        await shard.alarm()
      }
      expect(waits).toEqual([800, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
      recorder.isOut = false
      advance(60_000)
      await shard.alarm()
      expect(recorder.heard.map(({ observations }) => observations[0]?.summary.count)).toEqual([1, 10])
    }))

  it('tells of no time that is old news by the time somebody listens, and still of who was turned away', () =>
    within(fresh(), async ({ send, shard, recorder, advance }) => {
      recorder.isOut = true
      await send(
        arrival(shown({ id: 'late', ttfvtMs: 900 }), receiptOf('call-1')),
        arrival(shown({ id: 'forged' }), { kind: 'forged' }),
      )
      advance(600_001)
      recorder.isOut = false
      await send(arrival(shown({ id: 'now', ttfvtMs: 950 }), receiptOf('call-2')))
      await shard.alarm()
      expect(recorder.heard).toMatchObject([
        { observations: [], refusals: [{ what: 'evidence-forged', count: 1 }] },
        { observations: [{ summary: { count: 1 } }], refusals: [] },
      ])
    }))

  it('refuses a whole batch in which a source sends too much, and keeps nothing of it', () =>
    within(fresh(), async ({ send, storage, advance }) => {
      const from = (source: string, count: number, from = 0): Arrival[] =>
        Array.from({ length: count }, (_, index) => arrival(shown({ source, id: `e-${from + index}` })))
      await send(...from('/browser/loud', 300))
      const answer = await send(...from('/browser/calm', 1), ...from('/browser/loud', 20, 300))
      expect(answer).toEqual({ kind: 'limited', retryAfterMs: 1_000 })
      expect(storage.sql.exec('SELECT count(*) AS kept FROM events').one()).toEqual({ kept: 300 })
      advance(1_000)
      expect(await send(...from('/browser/loud', 20, 300))).toMatchObject({ kind: 'kept' })
    }))

  it('forgets events after a day, by its alarm, and not before', () =>
    within(fresh(), async ({ send, shard, storage, advance }) => {
      const count = (): unknown => storage.sql.exec('SELECT count(*) AS kept FROM events').one()['kept']
      await send(arrival(shown({ id: 'old' })))
      expect(await storage.getAlarm()).toBe(START + 24 * HOUR)
      advance(HOUR)
      await send(arrival(shown({ id: 'young' })))
      advance(23 * HOUR - 1)
      await shard.alarm()
      expect(count()).toBe(2)
      advance(1)
      await shard.alarm()
      expect(count()).toBe(1)
      expect(await storage.getAlarm()).toBe(START + 25 * HOUR)
      advance(HOUR)
      await shard.alarm()
      expect(count()).toBe(0)
      expect(await send(arrival(shown({ id: 'old' })))).toMatchObject({ kept: [{ verdict: 'accepted' }] })
    }))

  it('keeps no receipt', () =>
    within(fresh(), async ({ send, storage }) => {
      await send(arrival(shown(), receiptOf('call-1')))
      expect(JSON.stringify(storage.sql.exec('SELECT * FROM events').toArray())).not.toContain('RECEIPT')
    }))

  it('starts anew where what it had to tell is of another shape', async () => {
    const object = fresh()
    await within(object, ({ storage }) => {
      storage.kv.put('open', { shape: 'of another version' })
      return Promise.resolve()
    })
    await within(object, async ({ send, recorder }) => {
      await send(arrival(shown({ ttfvtMs: 900 }), receiptOf('call-1')))
      expect(recorder.heard).toHaveLength(1)
    })
  })
})
