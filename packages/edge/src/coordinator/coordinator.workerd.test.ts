import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import {
  emptySummary,
  mergeSummaries,
  parseConfig,
  summaryOf,
  type Observation,
  type Report,
  type ServerDirectives,
} from '@paceline/core'
import { compactVerify, createLocalJWKSet } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Outbox } from '../notify/outbox.ts'
import { Coordinator } from './coordinator.ts'
import type { JournalLine } from './journal.ts'

/** Any object will do: it lends its storage, and its own class keeps away from the tables used here. */
const { EVENT_INGEST: lenders, COORDINATOR: objects } = env as unknown as {
  EVENT_INGEST: DurableObjectNamespace
  COORDINATOR: DurableObjectNamespace<Coordinator>
}

/** Far ahead, so that no alarm of the platform goes off in the middle of a test. */
const START = Date.UTC(2100, 0, 1)
const MINUTE = 60_000

const config = parseConfig({
  providers: {
    one: { wire: 'openai', baseUrl: 'https://one.example/v1' },
    two: { wire: 'openai', baseUrl: 'https://two.example/v1' },
  },
  models: { a: { provider: 'one', model: 'm' }, b: { provider: 'two', model: 'm' } },
  routes: { chat: { candidates: ['a', 'b'], order: 'strict' } },
  keys: { app: { secretFrom: 'APP_KEY' } },
  notify: { webhooks: { oncall: { urlFrom: 'HOOK_URL', secretFrom: 'HOOK_SECRET' } } },
})

type Bindings = ConstructorParameters<typeof Coordinator>[1]
type Health = { publish: (directives: ServerDirectives) => Promise<void> }

interface Rig {
  /** The object that is alive now; `crash` puts another one over the same storage in its place. */
  coordinator: Coordinator
  readonly crash: () => void
  readonly storage: DurableObjectStorage
  /** The regions whose health was told something, each as often as it was. */
  readonly regions: string[]
  /** What health was told, in order. */
  readonly published: ServerDirectives[]
  /** Ids of the messages that the receiver took. */
  readonly received: string[]
  readonly outbox: () => readonly object[]
  /** Lines of the Worker's log. */
  readonly logged: readonly string[]
}

/** Some turns of the event loop: signing and storage answer in one of the next. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const { port1, port2 } = new MessageChannel()
    port1.addEventListener('message', resolve, { once: true })
    port1.start()
    port2.postMessage(null)
    await promise
  }
}

function within(work: (rig: Rig) => Promise<void>, health?: Health): Promise<void> {
  return runInDurableObject(lenders.get(lenders.newUniqueId()), async (_instance, state) => {
    const published: ServerDirectives[] = []
    const regions: string[] = []
    const received: string[] = []
    const logged: string[] = []
    vi.spyOn(console, 'error').mockImplementation((line) => logged.push(String(line)))
    const told = health ?? {
      publish: (directives) => {
        published.push(directives)
        return Promise.resolve()
      },
    }
    const bindings = {
      PROVIDER_HEALTH: {
        idFromName: (name: string) => name,
        get: (name: string) => {
          regions.push(name)
          return told
        },
      },
      PACELINE_SECRET: 'test-secret',
      HOOK_URL: 'https://hook.example/',
      HOOK_SECRET: 'whsec_AAAA',
    } as unknown as Bindings
    vi.spyOn(globalThis, 'fetch').mockImplementation((_url, init) => {
      received.push(new Headers(init?.headers).get('webhook-id') ?? '')
      return Promise.resolve(new Response(null, { status: 204 }))
    })
    const open = (): Coordinator => new Coordinator(state, bindings, config)
    const rig: Rig = {
      coordinator: open(),
      crash: () => (rig.coordinator = open()),
      storage: state.storage,
      regions,
      published,
      received,
      logged,
      outbox: () => state.storage.sql.exec('SELECT id, state, tries FROM outbox ORDER BY id').toArray(),
    }
    await work(rig)
    await settle()
  })
}

const observation = (
  candidate: string,
  ms: number,
  count: number,
  { origin = 'gateway', directives = 0 }: Partial<Pick<Observation, 'origin' | 'directives'>> = {},
): Observation => ({
  origin,
  route: 'chat',
  candidate,
  directives,
  summary: Array.from({ length: count }, () => summaryOf(ms, ms > 800)).reduce(mergeSummaries, emptySummary),
})

const report = (sequence: number, ...observations: Observation[]): Report => ({
  from: 'health:default',
  sequence,
  observations,
  refusals: [],
})

const NOTHING = { epoch: 0, version: 0 }
/** The epoch is the instant at which a coordinator first begins. */
const FIRST = `incident-${START.toString(36)}-1`

/** A whole incident: late, moved, proven, restored, well, back, closed. Each step at its time. */
const INCIDENT: readonly { readonly afterMs: number; readonly report: Report | null }[] = [
  { afterMs: 0, report: report(1, observation('a', 200, 5)) },
  { afterMs: 1_000, report: report(2, observation('a', 2_000, 2)) },
  { afterMs: 100, report: report(3, observation('a', 2_000, 1)) },
  { afterMs: 1_000, report: null },
  { afterMs: 100, report: report(4, observation('a', 2_000, 5)) },
  { afterMs: 0, report: null },
  { afterMs: 1_000, report: report(5, observation('b', 200, 20, { directives: 1_000 })) },
  { afterMs: 31_000, report: null },
  { afterMs: 31_000, report: null },
  { afterMs: 1_000, report: report(6, observation('a', 200, 5, { origin: 'probe' })) },
  { afterMs: 10_000, report: null },
  { afterMs: 10_000, report: null },
  { afterMs: 10_000, report: null },
  { afterMs: 0, report: null },
]

interface Outcome {
  readonly view: unknown
  readonly records: JournalLine[]
  readonly outbox: readonly object[]
  readonly received: readonly string[]
}

/** Goes through the incident, crashing after the steps that are named. */
async function through(crashAfter: (step: number) => boolean): Promise<Outcome> {
  vi.setSystemTime(START)
  const outcomes: Outcome[] = []
  await within(async (rig) => {
    for (const [step, { afterMs, report }] of INCIDENT.entries()) {
      vi.setSystemTime(Date.now() + afterMs)
      if (report === null) rig.coordinator.alarm()
      else rig.coordinator.observe(report)
      await settle()
      if (crashAfter(step)) rig.crash()
    }
    outcomes.push({
      view: rig.coordinator.view(),
      records: rig.coordinator.records(null, 0, 1_000),
      outbox: rig.outbox(),
      received: [...rig.received],
    })
  })
  const [outcome] = outcomes
  if (outcome === undefined) throw new Error('it came to nothing')
  return outcome
}

/** The directives that a socket is sent, one after the other. */
function read(socket: WebSocket): () => Promise<ServerDirectives> {
  const messages = new ReadableStream<ServerDirectives>({
    start(controller) {
      socket.addEventListener('message', ({ data }) => {
        const [, payload = ''] = String(data).split('.')
        const json = atob(payload.replaceAll('-', '+').replaceAll('_', '/'))
        controller.enqueue(JSON.parse(json) as ServerDirectives)
      })
    },
  }).getReader()
  socket.accept()
  return async () => {
    const { value } = await messages.read()
    if (value === undefined) throw new Error('the socket was closed')
    return value
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('the coordinator', () => {
  it('answers a report with directives, where they are newer than those that are known', () =>
    within(async ({ coordinator }) => {
      expect(coordinator.observe(report(1, observation('a', 2_000, 2)))).toBe(null)
      const directives = coordinator.observe(report(2, observation('a', 2_000, 1)), NOTHING)
      expect(directives?.leases.map(({ sets }) => sets.shares)).toEqual([
        { chat: { a: { cap: 0.5, probeEveryMs: 2_000 } } },
      ])
      expect(coordinator.observe(report(3), directives)).toBe(null)
      await Promise.resolve()
    }))

  it('counts a report once that comes twice, also over a restart', () =>
    within(async (rig) => {
      const twice = report(1, observation('a', 2_000, 2))
      rig.coordinator.observe(twice)
      rig.coordinator.observe(twice)
      rig.crash()
      rig.coordinator.observe(twice)
      expect(rig.coordinator.view().incidents).toEqual([])
      await Promise.resolve()
    }))

  it('refuses a report that is malformed, names the field, quotes nothing, and goes on', () =>
    within(async ({ coordinator, logged }) => {
      const bad = { ...report(1), observations: [{ ...observation('a', 2_000, 3), route: 'my secret!' }] }
      for (const one of [bad, null, 7, 'x', { from: 'x' }, { ...report(1), extra: 1 }])
        expect(coordinator.observe(one)).toBe(null)
      expect(logged).toHaveLength(6)
      expect(logged[0]).toContain('observations.0.route')
      expect(logged.join('')).not.toContain('secret')
      coordinator.observe(report(1, observation('a', 2_000, 3)))
      expect(coordinator.view().incidents).toHaveLength(1)
      await Promise.resolve()
    }))

  it('ends an incident the same whenever it crashes on the way, and tells people once', async () => {
    const expected = await through(() => false)
    expect(expected.received).toEqual([`${FIRST}:incident.opened:oncall`, `${FIRST}:incident.closed:oncall`])
    expect(expected.view).toMatchObject({ incidents: [], directives: { leases: [] } })
    for (let at = 0; at < INCIDENT.length; at += 1)
      expect(await through((step) => step === at)).toEqual(expected)
    expect(await through(() => true)).toEqual(expected)
  })

  it('writes every stage of an incident down, and tells of one incident alone', async () => {
    const { records } = await through(() => false)
    const stages = records.map(({ body }) => (body as { stage: string }).stage)
    expect(new Set(stages)).toEqual(new Set(['analysis', 'strategy', 'execution', 'people', 'learning']))
    expect(records.map(({ incident }) => incident)).toEqual(records.map(() => FIRST))
    expect(records.map(({ sequence }) => sequence)).toEqual(
      records.map(({ sequence }) => sequence).toSorted((a, b) => a - b),
    )
  })

  it('keeps its epoch over a restart, and has a later one where it lost its past', () =>
    within(async (rig) => {
      const { epoch } = rig.coordinator.view().directives
      vi.setSystemTime(START + MINUTE)
      rig.crash()
      expect(rig.coordinator.view().directives.epoch).toBe(epoch)
      await rig.storage.deleteAll()
      rig.crash()
      expect(rig.coordinator.view().directives.epoch).toBeGreaterThan(epoch)
    }))

  it('starts from its snapshot after a thousand lines, and is the same', () =>
    within(async (rig) => {
      for (let sequence = 1; sequence <= 1_100; sequence += 1) {
        vi.setSystemTime(START + sequence * 1_000)
        rig.coordinator.observe(report(sequence, observation('b', 200, 1)))
      }
      rig.coordinator.observe(report(1_101, observation('a', 2_000, 3)))
      const before = rig.coordinator.view()
      expect(rig.storage.sql.exec('SELECT COUNT(*) AS n FROM state_snapshot').one()).toEqual({ n: 1 })
      // What lies before the snapshot isn't read any more.
      rig.storage.sql.exec(`UPDATE journal SET body = '' WHERE sequence < 900`)
      rig.crash()
      expect(rig.coordinator.view()).toEqual(before)
      await Promise.resolve()
    }))

  it('signs its directives so that its published keys verify them', () =>
    within(async ({ coordinator }) => {
      const signed = await coordinator.signed()
      const keys = createLocalJWKSet(JSON.parse((await coordinator.keys()) ?? '') as { keys: [] })
      const { payload } = await compactVerify(signed?.jws ?? '', keys)
      expect(JSON.parse(new TextDecoder().decode(payload))).toEqual(coordinator.view().directives)
    }))

  it('tells health of every change, each version at least once and in order', () =>
    within(async (rig) => {
      await settle()
      rig.published.length = 0
      rig.coordinator.observe(report(1, observation('a', 2_000, 3)))
      await settle()
      vi.setSystemTime(START + 1_000)
      rig.coordinator.alarm()
      await settle()
      expect(rig.published.map(({ leases }) => leases[0]?.sets.shares?.['chat']?.['a']?.cap)).toEqual([
        0.5, 0,
      ])
      const versions = rig.published.map(({ version }) => version)
      expect(versions).toEqual(versions.toSorted((a, b) => a - b))
    }))

  it('tells the health of each region that it has heard of', () =>
    within(async (rig) => {
      const { coordinator, regions } = rig
      coordinator.observe({ ...report(1, observation('a', 300, 1)), from: 'health:weur' })
      coordinator.observe({ ...report(1, observation('a', 300, 1)), from: 'health:apac' })
      coordinator.observe({ ...report(1), from: 'health:nowhere' })
      await settle()
      regions.length = 0
      coordinator.observe(report(1, observation('a', 2_000, 3)))
      await settle()
      expect(new Set(regions)).toEqual(new Set(['default', 'weur', 'apac']))
      rig.crash()
      regions.length = 0
      vi.setSystemTime(START + 1_000)
      rig.coordinator.alarm()
      await settle()
      expect(new Set(regions)).toEqual(new Set(['default', 'weur', 'apac']))
    }))

  it('counts the reports of each region by themselves', () =>
    within(async ({ coordinator }) => {
      const late = observation('a', 2_000, 1)
      for (const region of ['default', 'weur', 'apac'])
        coordinator.observe({ ...report(7, late), from: `health:${region}` })
      expect(coordinator.view().incidents).toHaveLength(1)
      await settle()
    }))

  it('tells servers of a change although health does not answer', () =>
    within(
      async ({ coordinator }) => {
        const { webSocket } = await coordinator.fetch(
          new Request('https://edge/directives/socket', { headers: { upgrade: 'websocket' } }),
        )
        if (webSocket === null) throw new Error('no socket was opened')
        const heard = read(webSocket)
        expect((await heard()).leases).toEqual([])
        coordinator.observe(report(1, observation('a', 2_000, 3)))
        let directives = await heard()
        while (directives.leases.length === 0) directives = await heard()
        expect(directives.leases[0]?.sets.shares?.['chat']?.['a']?.cap).toBe(0.5)
        vi.setSystemTime(START + 1_000)
        coordinator.alarm()
        expect((await heard()).leases[0]?.sets.shares?.['chat']?.['a']?.cap).toBe(0)
        webSocket.close()
      },
      { publish: () => new Promise(() => undefined) },
    ))

  it('goes on with its directives where health refuses them', () =>
    within(
      async ({ coordinator }) => {
        coordinator.observe(report(1, observation('a', 2_000, 3)))
        await settle()
        expect(coordinator.view().incidents).toHaveLength(1)
      },
      { publish: () => Promise.reject(new Error('out')) },
    ))

  it('opens nothing but sockets', () =>
    within(async ({ coordinator }) => {
      expect((await coordinator.fetch(new Request('https://edge/directives/socket'))).status).toBe(426)
    }))

  it('sets its alarm to the next moment that matters, and no report puts off what is overdue', () =>
    within(async ({ coordinator, storage }) => {
      coordinator.observe(report(1, observation('a', 2_000, 3)))
      await settle()
      expect(await storage.getAlarm()).toBe(START + 1_000)
      // Proof makes a message to people, which is due at once.
      coordinator.observe(report(2, observation('a', 2_000, 4)))
      await settle()
      const at = await storage.getAlarm()
      expect(at).toBe(START + 5)
      for (let ms = 1; ms <= 4; ms += 1) {
        vi.setSystemTime(START + ms)
        coordinator.observe(report(2 + ms, observation('a', 2_000, 1)))
      }
      await settle()
      expect(await storage.getAlarm()).toBe(at)
    }))

  it('lets a silent receiver hold up neither time nor itself', () =>
    within(async (rig) => {
      let asked = 0
      vi.spyOn(globalThis, 'fetch').mockImplementation(() => {
        asked += 1
        return new Promise(() => undefined)
      })
      rig.coordinator.observe(report(1, observation('a', 2_000, 7)))
      vi.setSystemTime(START + 5)
      rig.coordinator.alarm()
      await settle()
      expect(asked).toBe(1)
      expect(await rig.storage.getAlarm()).toBe(START + 1_000)
      vi.setSystemTime(START + 1_000)
      rig.coordinator.alarm()
      await settle()
      expect(rig.coordinator.view().incidents[0]?.phase.kind).toBe('verifying')
      expect(asked).toBe(1)
      // A crash in the middle: the same message goes out again.
      vi.spyOn(globalThis, 'fetch').mockImplementation((_url, init) => {
        rig.received.push(new Headers(init?.headers).get('webhook-id') ?? '')
        return Promise.resolve(new Response(null, { status: 204 }))
      })
      rig.crash()
      vi.setSystemTime(START + 15_005)
      rig.coordinator.alarm()
      await settle()
      expect(rig.received).toEqual([`${FIRST}:incident.opened:oncall`])
      expect(rig.outbox()).toEqual([{ id: `${FIRST}:incident.opened:oncall`, state: 'sent', tries: 2 }])
    }))

  it('begins anew above a past that it can not read, which stays for people', () =>
    within(async (rig) => {
      rig.coordinator.observe(report(1, observation('a', 2_000, 3)))
      const { directives } = rig.coordinator.view()
      const before = rig.coordinator.records(null, 0, 100)
      vi.setSystemTime(START + MINUTE)
      rig.storage.sql.exec('UPDATE state_snapshot SET version = version - 1')
      rig.crash()
      const after = rig.coordinator.view()
      expect(after.incidents).toEqual([])
      expect(after.directives.epoch).toBeGreaterThan(directives.epoch)
      expect(rig.coordinator.records(null, 0, 100)).toEqual(before)
      rig.coordinator.observe(report(1, observation('a', 2_000, 3)))
      expect(rig.coordinator.view().incidents).toHaveLength(1)
      await Promise.resolve()
    }))

  it('drops a report on which the reducer fails, says so, and hears those behind it', () =>
    within(async ({ coordinator, logged, storage }) => {
      const lines = (): unknown => storage.sql.exec('SELECT COUNT(*) AS count FROM journal').one()['count']
      const before = lines()
      vi.spyOn(Math, 'log').mockImplementationOnce(() => {
        throw new Error('a bug that quotes what it read')
      })
      expect(coordinator.observe(report(1, observation('a', 2_000, 3)))).toBe(null)
      expect([lines(), logged.length]).toEqual([before, 1])
      expect(logged[0]).toContain('coordinator.bug')
      expect(logged[0]).not.toContain('quotes')
      coordinator.observe(report(2, observation('a', 2_000, 3)))
      expect(coordinator.view().incidents).toHaveLength(1)
      await Promise.resolve()
    }))

  it('forgets a report that could not be written down, so that it counts when it comes again', () =>
    within(async ({ coordinator, outbox }) => {
      vi.spyOn(Outbox.prototype, 'put').mockImplementationOnce(() => {
        throw new Error('no room')
      })
      const deciding = report(1, observation('a', 2_000, 7))
      expect(() => coordinator.observe(deciding)).toThrow('no room')
      expect(coordinator.view().incidents).toEqual([])
      coordinator.observe(deciding)
      expect(coordinator.view().incidents).toHaveLength(1)
      expect(outbox()).toHaveLength(1)
      await settle()
    }))

  it('writes what was refused into the audit', () =>
    within(async ({ coordinator }) => {
      const refusal = { what: 'evidence-forged', source: '/browser/s-1', count: 3 } as const
      coordinator.observe({ ...report(1), refusals: [refusal] })
      expect(coordinator.records(null, 0, 10).map(({ body }) => body)).toEqual([
        { stage: 'refused', incident: null, reason: null, ...refusal },
      ])
      expect(coordinator.records(null, 3, 10)).toEqual([])
      await Promise.resolve()
    }))
})

describe('the coordinator of the Worker', () => {
  it('keeps its epoch, its audit and what it has heard over an eviction', async () => {
    vi.useRealTimers()
    const object = objects.get(objects.newUniqueId())
    const refused: Report = {
      ...report(1),
      refusals: [{ what: 'evidence-replayed', source: '/browser/s-1', count: 1 }],
    }
    await object.observe(refused)
    const before = await object.view()
    await evictDurableObject(object)
    await object.observe(refused)
    const after = await object.view()
    expect(after.directives.epoch).toBe(before.directives.epoch)
    expect(after.directives.version).toBe(before.directives.version)
    const lines: Promise<unknown> = object.records(null, 0, 10)
    expect(await lines).toHaveLength(1)
  })

  it('takes whatever a server says on its socket, and answers a ping', async () => {
    vi.useRealTimers()
    const object = objects.get(objects.newUniqueId())
    const { webSocket } = await object.fetch('https://edge/directives/socket', {
      headers: { upgrade: 'websocket' },
    })
    if (webSocket === null) throw new Error('no socket was opened')
    const answered = new Promise((resolve) => {
      webSocket.addEventListener('message', ({ data }) => resolve(data), { once: true })
    })
    webSocket.accept()
    webSocket.send('whatever')
    webSocket.send('ping')
    expect(await answered).toBe('pong')
    expect((await object.view()).incidents).toEqual([])
    webSocket.close()
  })
})
