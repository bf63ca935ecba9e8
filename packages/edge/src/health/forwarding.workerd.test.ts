import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { NO_DIRECTIVES, type Report, type Sample, type ServerDirectives } from '@paceline/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ProviderHealth } from './provider-health.ts'

/** Any object will do: it lends its storage. */
const lenders = (env as unknown as { EVENT_INGEST: DurableObjectNamespace }).EVENT_INGEST

const START = Date.UTC(2100, 0, 1)
const NONE = { epoch: 0, version: 0 }

const timely: Sample = {
  kind: 'first-output',
  candidate: 'a',
  route: 'chat',
  origin: 'gateway',
  beaten: false,
  promptSize: 0,
  ms: 200,
  late: false,
  directives: 3,
}
const late: Sample = { ...timely, ms: 2_000, late: true }

const directives = (version: number, probeEveryMs?: number, cap = 0): ServerDirectives => ({
  ...NO_DIRECTIVES,
  epoch: 1,
  version,
  issuedAt: Date.now(),
  maxAgeMs: 600_000,
  leases:
    probeEveryMs === undefined
      ? []
      : [
          {
            id: 'incident-1:shares',
            incident: 'incident-1',
            priority: 10,
            ttlMs: 60_000,
            sets: { shares: { chat: { a: { cap, probeEveryMs } } } },
          },
        ],
})

type Observe = (report: Report) => Promise<ServerDirectives | null>

interface Rig {
  health: ProviderHealth
  readonly storage: DurableObjectStorage
  /** Puts another object over the same storage in its place. */
  readonly restart: () => void
  /** What the coordinator heard, in order. */
  readonly heard: Report[]
  /** How the coordinator answers from here on. */
  answer: Observe
  /** Lets time pass, for the clock and for everything that waits. */
  readonly pass: (ms: number) => Promise<void>
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve()
}

function within(work: (rig: Rig) => Promise<void>, id = lenders.newUniqueId()): Promise<void> {
  return runInDurableObject(lenders.get(id), async (_instance, state) => {
    const sleepers: { due: number; wake: () => void }[] = []
    vi.spyOn(scheduler, 'wait').mockImplementation(
      (ms) => new Promise((resolve) => sleepers.push({ due: Date.now() + ms, wake: resolve })),
    )
    const observe: Observe = (report) => {
      rig.heard.push(report)
      return rig.answer(report)
    }
    const bindings = { COORDINATOR: { idFromName: () => 'default', get: () => ({ observe }) } }
    const open = (): ProviderHealth =>
      new ProviderHealth(state, bindings as unknown as ConstructorParameters<typeof ProviderHealth>[1])
    const rig: Rig = {
      health: open(),
      storage: state.storage,
      restart: () => (rig.health = open()),
      heard: [],
      answer: () => Promise.resolve(null),
      async pass(ms) {
        vi.setSystemTime(Date.now() + ms)
        for (const { due, wake } of sleepers) if (due <= Date.now()) wake()
        await settle()
      },
    }
    await work(rig)
  })
}

/** How many first outputs, and how many of them late, a coordinator has counted that counts each report once. */
function counted(heard: readonly Report[]): { count: number; late: number } {
  const once = new Map(heard.map((report) => [report.sequence, report]))
  const summaries = [...once.values()].flatMap(({ observations }) =>
    observations.map(({ summary }) => summary),
  )
  return {
    count: summaries.reduce((sum, { count }) => sum + count, 0),
    late: summaries.reduce((sum, { late }) => sum + late, 0),
  }
}

/** Whether a promise is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  await settle()
  const pending = Symbol('pending')
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('what health tells the coordinator', () => {
  it('is gathered for a second while all is well, added up', () =>
    within(async ({ health, heard, pass }) => {
      await health.report([timely], NONE)
      await settle()
      expect(heard).toHaveLength(1)
      for (let part = 0; part < 9; part += 1) {
        await pass(100)
        await health.report([timely, timely], NONE)
      }
      expect(heard).toHaveLength(1)
      await pass(100)
      await health.report([timely], NONE)
      await settle()
      expect(heard.map(({ observations }) => observations.map(({ summary }) => summary.count))).toEqual([
        [1],
        [19],
      ])
    }))

  it('keeps apart what was seen by others, of others, and under other directives', () =>
    within(async ({ health, heard }) => {
      await health.report([timely, { ...timely, candidate: 'b' }, { ...timely, origin: 'probe' }], NONE)
      await settle()
      await health.report([late, { ...late, directives: 4 }, { ...late, route: 'code' }], NONE)
      const kinds = heard.map(({ observations }) =>
        observations.map(({ origin, route, candidate, directives }) => [
          origin,
          route,
          candidate,
          directives,
        ]),
      )
      expect(kinds).toEqual([
        [
          ['gateway', 'chat', 'a', 3],
          ['gateway', 'chat', 'b', 3],
          ['probe', 'chat', 'a', 3],
        ],
        [
          ['gateway', 'chat', 'a', 3],
          ['gateway', 'chat', 'a', 4],
          ['gateway', 'code', 'a', 3],
        ],
      ])
    }))

  it('goes up at once where something was late, with the shares', () =>
    within(async ({ health, heard, pass }) => {
      await health.report([timely], NONE)
      await pass(10)
      await health.report([late], NONE)
      expect(heard.at(-1)).toMatchObject({
        from: 'health:default',
        observations: [{ summary: { count: 1, late: 1 } }],
        shares: { a: 1 },
      })
      expect(counted(heard)).toEqual({ count: 2, late: 1 })
    }))

  it('says which region it comes from', () =>
    within(async ({ health, heard }) => {
      await health.report([late], NONE)
      expect(heard.map(({ from }) => from)).toEqual(['health:weur'])
    }, lenders.idFromName('weur')))

  it('leaves out who lost a race before it was due: nobody knows how fast it would have been', () =>
    within(async ({ health, heard, pass }) => {
      const usual = { ...timely, ms: 200 }
      await health.report(
        Array.from({ length: 40 }, () => usual),
        NONE,
      )
      await pass(1_000)
      await health.report([{ ...usual, ms: 50, late: true, beaten: true }], NONE)
      await pass(1_000)
      await health.report([{ ...usual, ms: 900, late: true, beaten: true }], NONE)
      expect(counted(heard)).toEqual({ count: 41, late: 1 })
    }))

  it('leaves out what pages saw, which the coordinator hears from those who keep it', () =>
    within(async ({ health, heard, pass }) => {
      await health.report([timely], NONE)
      await pass(1_000)
      await health.report([{ kind: 'shown', candidate: 'a', late: true }], NONE)
      await pass(1_000)
      expect(counted(heard)).toEqual({ count: 1, late: 0 })
    }))

  it('has sequences that rise, over a restart too', () =>
    within(async (rig) => {
      for (let round = 0; round < 3; round += 1) {
        await rig.health.report([late], NONE)
        await rig.health.report([late], NONE)
        await rig.pass(1)
        await rig.pass(1)
        rig.restart()
      }
      const sequences = rig.heard.map(({ sequence }) => sequence)
      expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b))
      expect(sequences).toHaveLength(6)
    }))

  it('has sequences that rise over a restart under an earlier clock, too', () =>
    within(async (rig) => {
      for (let life = 0; life < 3; life += 1) {
        vi.setSystemTime(START - life * 3_600_000)
        await rig.health.report([late], NONE)
        await rig.health.report([late], NONE)
        rig.restart()
      }
      const sequences = rig.heard.map(({ sequence }) => sequence)
      expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b))
      expect(sequences).toHaveLength(6)
    }))

  it('are numbered anew, by the clock, where the number has become something else', () =>
    within(async (rig) => {
      await rig.health.report([late], NONE)
      for (const garbage of ['soon', Number.NaN, 1e300, {}]) {
        rig.storage.kv.put('sequence', garbage)
        rig.restart()
        await rig.health.report([late], NONE)
      }
      for (const { sequence } of rig.heard) expect(sequence).toBeGreaterThan(START)
      expect(rig.heard).toHaveLength(5)
    }))

  it('costs no write for each report', () =>
    within(async (rig) => {
      const stored: unknown[] = []
      for (let round = 0; round < 1_500; round += 1) {
        await rig.health.report([late], NONE)
        stored.push(rig.storage.kv.get('sequence'))
      }
      expect(rig.heard).toHaveLength(1_500)
      expect(new Set(stored).size).toBe(2)
    }))
})

describe('the answer of health', () => {
  it('to the report that decides holds the directives that were decided', () =>
    within(async (rig) => {
      rig.answer = () => Promise.resolve(directives(5))
      const answer = await rig.health.report([late], NONE)
      expect(answer.directives).toMatchObject({ epoch: 1, version: 5 })
      expect((await rig.health.report([late], { epoch: 1, version: 5 })).directives).toBe(null)
    }))

  it('to timely reports waits for nobody', () =>
    within(async (rig) => {
      rig.answer = () => new Promise(() => undefined)
      expect(await isSettled(rig.health.report([timely], NONE))).toBe(true)
    }))

  it('to late reports waits 200 ms at most for a coordinator that keeps silent', () =>
    within(async (rig) => {
      rig.answer = () => new Promise(() => undefined)
      const [first, second] = [rig.health.report([late], NONE), rig.health.report([late], NONE)]
      await rig.pass(199)
      expect(await isSettled(first)).toBe(false)
      await rig.pass(1)
      expect([await isSettled(first), await isSettled(second)]).toEqual([true, true])
    }))

  it('comes at once where the coordinator is out', () =>
    within(async (rig) => {
      rig.answer = () => Promise.reject(new Error('out'))
      expect(await isSettled(rig.health.report([late], NONE))).toBe(true)
      expect(await isSettled(rig.health.report([late], NONE))).toBe(true)
      expect(rig.heard).toHaveLength(1)
    }))

  it('comes also where asking the coordinator throws', () =>
    within(async (rig) => {
      rig.answer = () => {
        throw new Error('overloaded')
      }
      expect(await isSettled(rig.health.report([late], NONE))).toBe(true)
      rig.answer = () => Promise.resolve(null)
      await rig.pass(1_000)
      await rig.health.report([timely], NONE)
      await settle()
      expect(counted(rig.heard)).toEqual({ count: 2, late: 1 })
    }))
})

describe('what the coordinator could not hear', () => {
  it('comes later and counts once, the failed report first and as it was', () =>
    within(async (rig) => {
      rig.answer = () => Promise.reject(new Error('out'))
      for (let round = 0; round < 5; round += 1) {
        await rig.health.report([late, timely], NONE)
        await rig.pass(1_000)
      }
      rig.answer = () => Promise.resolve(null)
      for (let round = 0; round < 3; round += 1) {
        await rig.health.report([timely], NONE)
        await rig.pass(1_000)
      }
      expect(counted(rig.heard)).toEqual({ count: 13, late: 5 })
      const [first] = rig.heard
      expect(rig.heard.filter(({ sequence }) => sequence === first?.sequence)).toEqual(
        Array.from({ length: 6 }, () => first),
      )
    }))

  it('counts once although it arrived and only its answer was lost', () =>
    within(async (rig) => {
      rig.answer = () => new Promise(() => undefined)
      void rig.health.report([late], NONE)
      await rig.pass(3_000)
      rig.answer = () => Promise.resolve(null)
      await rig.pass(1_000)
      await rig.health.report([late], NONE)
      await rig.health.report([late], NONE)
      expect(rig.heard[1]).toEqual(rig.heard[0])
      expect(rig.heard).toHaveLength(4)
      expect(counted(rig.heard)).toEqual({ count: 3, late: 3 })
    }))

  it('delays no news behind it: the one who brings them takes the answer along', () =>
    within(async (rig) => {
      rig.answer = () => Promise.reject(new Error('out'))
      await rig.health.report([late], NONE)
      await rig.pass(1_000)
      rig.answer = (report) => Promise.resolve(report.sequence > START ? directives(5) : null)
      const answer = await rig.health.report([late], NONE)
      expect(answer.directives).toMatchObject({ version: 5 })
      expect(counted(rig.heard)).toEqual({ count: 2, late: 2 })
    }))

  it('is asked for again no more than once a second', () =>
    within(async (rig) => {
      rig.answer = () => Promise.reject(new Error('out'))
      for (let ms = 0; ms < 5_000; ms += 50) {
        await rig.health.report([late], NONE)
        await rig.pass(50)
      }
      expect(rig.heard).toHaveLength(5)
    }))
})

describe('the directives in health', () => {
  it('are replaced by newer ones alone', () =>
    within(async ({ health }) => {
      health.publish(directives(5))
      health.publish(directives(4))
      expect(health.held().directives.version).toBe(5)
      health.publish({ ...directives(1), epoch: 2 })
      expect(health.held().directives).toMatchObject({ epoch: 2, version: 1 })
      await settle()
    }))

  it('outlive a restart, and their age with them', () =>
    within(async (rig) => {
      rig.health.publish(directives(5))
      await rig.pass(7_000)
      rig.restart()
      expect(rig.health.held()).toMatchObject({ directives: { version: 5 }, ageMs: 7_000 })
    }))

  it('tell isolates their age, so that leases end for them, too', () =>
    within(async (rig) => {
      rig.health.publish(directives(5))
      await rig.pass(7_000)
      expect(await rig.health.report([], { epoch: 1, version: 5 })).toMatchObject({
        directives: null,
        directivesAgeMs: 7_000,
      })
    }))

  it('start anew where what was stored is of another shape', () =>
    within(async (rig) => {
      await runInDurableObject(lenders.get(lenders.newUniqueId()), (_instance, state) => {
        state.storage.kv.put('directives', { version: 'of another time' })
        const bindings = {} as unknown as ConstructorParameters<typeof ProviderHealth>[1]
        expect(new ProviderHealth(state, bindings).held().directives).toEqual(NO_DIRECTIVES)
      })
      await rig.pass(0)
    }))
})

describe('a brown-out under directives', () => {
  const slowed = async (health: ProviderHealth): Promise<void> => {
    await health.report(
      Array.from({ length: 200 }, () => timely),
      NONE,
    )
    await health.report(
      Array.from({ length: 10 }, () => late),
      NONE,
    )
  }
  const shareIn = async (health: ProviderHealth): Promise<number | undefined> =>
    (await health.report([], NONE)).snapshot.shares['a']?.share

  it('is over when they begin to give the traffic back, which was measured by their own questions', () =>
    within(async ({ health }) => {
      await slowed(health)
      expect(await shareIn(health)).toBe(0.01)
      health.publish(directives(5, 2_000))
      expect(await shareIn(health)).toBe(0.01)
      health.publish(directives(6, 2_000, 0.01))
      expect(await shareIn(health)).toBe(1)
    }))

  it('begins anew where the one that comes back is slow still', () =>
    within(async ({ health }) => {
      await slowed(health)
      health.publish(directives(5, 2_000))
      health.publish(directives(6, 2_000, 0.01))
      for (let sample = 0; sample < 10; sample += 1) await health.report([late], NONE)
      expect(await shareIn(health)).toBe(0.01)
      health.publish(directives(7, 2_000, 0.05))
      expect(await shareIn(health)).toBe(0.01)
    }))

  it('asks no questions of its own where they have some asked', () =>
    within(async ({ health, pass }) => {
      await slowed(health)
      health.publish(directives(5, 5_000))
      const given: unknown[] = []
      for (let ms = 0; ms < 10_000; ms += 500) {
        given.push(...(await health.report([], NONE)).probes)
        await pass(500)
      }
      expect(given).toEqual(Array.from({ length: 2 }, () => ({ candidate: 'a', route: 'chat' })))
    }))

  it('asks them every three seconds where they have none asked', () =>
    within(async ({ health, pass }) => {
      await slowed(health)
      const given: unknown[] = []
      for (let ms = 0; ms < 10_000; ms += 500) {
        await pass(500)
        given.push(...(await health.report([], NONE)).probes)
      }
      expect(given).toEqual(Array.from({ length: 3 }, () => ({ candidate: 'a', route: null })))
    }))
})

describe('probes that directives want', () => {
  const probesOf = async (health: ProviderHealth): Promise<unknown> => (await health.report([], NONE)).probes

  it('are given out once for each interval, however many isolates ask', () =>
    within(async ({ health, pass }) => {
      health.publish(directives(5, 2_000))
      const given: unknown[] = []
      for (let ms = 0; ms < 6_000; ms += 100) {
        given.push(...(await health.report([], NONE)).probes)
        await pass(100)
      }
      expect(given).toEqual(Array.from({ length: 3 }, () => ({ candidate: 'a', route: 'chat' })))
    }))

  it('end with the lease that wants them', () =>
    within(async ({ health, pass }) => {
      health.publish(directives(5, 2_000))
      await pass(59_999)
      expect(await probesOf(health)).toHaveLength(1)
      await pass(2_001)
      expect(await probesOf(health)).toEqual([])
    }))

  it('let summaries of an incident go up five times a second', () =>
    within(async (rig) => {
      rig.health.publish(directives(5, 2_000))
      await rig.health.report([timely], NONE)
      await settle()
      await rig.pass(200)
      await rig.health.report([timely], NONE)
      await settle()
      expect(rig.heard).toHaveLength(2)
    }))
})
