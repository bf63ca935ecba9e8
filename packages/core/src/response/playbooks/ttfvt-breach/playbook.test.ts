import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../config/define-config.ts'
import { inForce, type Notice, type Shares } from '../../../directive.ts'
import { rankWithin } from '../../../routing/rank.ts'
import { emptySummary, mergeSummaries, summaryOf } from '../../../summary.ts'
import { directivesOf } from '../../act.ts'
import type { Message } from '../../effect.ts'
import type { Observation, Report } from '../../observation.ts'
import { dueAt, respond, type Input } from '../../pipeline.ts'
import { tallyOf } from '../../outcomes.ts'
import { INITIAL_STATE, type Incident, type ResponseState, type Settings } from '../../state.ts'
import type { Learning } from '../../learn.ts'
import type { StageRecord } from '../../step.ts'

const TICK_MS = 10
const TARGET_MS = 800
const MINUTE = 60_000

type Origin = Observation['origin']
interface Seen {
  readonly at: number
  readonly origin: Origin
  readonly candidate: string
  readonly directives: number
  readonly ms: number
}

interface WorldOptions {
  /** How long each provider takes to its first token, in ms. */
  readonly providers: Readonly<Record<string, number>>
  readonly order?: 'share' | 'strict'
  readonly ratePerS?: number
  /** Every so many requests one is late, whoever answers it. */
  readonly lateEvery?: number
}

const { playbooks } = parseConfig({
  providers: { any: { wire: 'openai', baseUrl: 'https://example.com/v1' } },
  models: { any: { provider: 'any', model: 'any' } },
  routes: { chat: { candidates: ['any'] } },
  keys: { app: { secretFrom: 'APP_KEY' } },
})
const settingsOf = (candidates: readonly string[], order: 'share' | 'strict' = 'strict'): Settings => ({
  hash: 'h-1',
  routes: {
    chat: { candidates, order, targetsMs: Object.fromEntries(candidates.map((id) => [id, 800])) },
  },
  playbooks,
})

/** An app with its gateway and health around the reducer, in time that passes only when the test says so. */
class World {
  readonly #providers: Record<string, number>
  readonly #order: 'share' | 'strict'
  readonly #lateEvery: number
  #ratePerS: number
  now = 1_000_000
  state: ResponseState = INITIAL_STATE
  readonly records: StageRecord[] = []
  readonly told: Message[] = []
  /** Requests of users by who answered, since the last `forget`. */
  readonly answered: Record<string, number> = {}
  #seed = 1
  #asked = 0
  #nextAt = 0
  readonly #probedAt: Record<string, number> = {}
  #sequence = 0
  #gatheredAt = 0
  #inFlight: Seen[] = []
  #gathered: Seen[] = []

  constructor({ providers, order = 'strict', ratePerS = 10, lateEvery = Infinity }: WorldOptions) {
    this.#providers = { ...providers }
    this.#order = order
    this.#ratePerS = ratePerS
    this.#lateEvery = lateEvery
    this.take({ kind: 'configured', settings: settingsOf(Object.keys(providers), order), epoch: 1 })
  }

  set(candidate: string, ms: number): void {
    this.#providers[candidate] = ms
  }

  /** Users come so often from here on; at 0 none does, and nobody carries out probes. */
  arrive(ratePerS: number): void {
    this.#ratePerS = ratePerS
    this.#nextAt = this.now
  }

  run(ms: number): void {
    for (const end = this.now + ms; this.now < end;) {
      this.now += TICK_MS
      this.#ask()
      this.#hear()
      if (dueAt(this.state) <= this.now) this.take({ kind: 'elapsed' })
    }
  }

  /** Lets time pass until something is so, or for the longest time. */
  until(isSo: () => boolean, longestMs = 10 * MINUTE): number {
    const start = this.now
    while (!isSo() && this.now < start + longestMs) this.run(TICK_MS)
    if (!isSo()) throw new Error('it never came to be so')
    return this.now - start
  }

  take(input: Input): void {
    const before = this.state
    const { state, records, effects } = respond(before, input, this.now)
    this.state = state
    this.records.push(...records)
    for (const effect of effects) if (effect.kind === 'notify') this.told.push(effect.message)
    if (dueAt(state) <= this.now) throw new Error('it wants to be looked at again in the same instant')
    if (state.version < before.version) throw new Error('its version fell')
  }

  report(observations: readonly Observation[], rest: Partial<Report> = {}): void {
    this.#sequence += 1
    const report = { from: 'health', sequence: this.#sequence, observations, refusals: [], ...rest }
    this.take({ kind: 'reported', report })
  }

  forget(): void {
    this.records.length = 0
    this.told.length = 0
    for (const candidate of Object.keys(this.answered)) this.answered[candidate] = 0
  }

  get directives() {
    return directivesOf(this.state, this.now)
  }

  get shares(): Shares {
    return inForce(this.directives, 0).shares
  }

  get notices(): readonly Notice[] {
    return inForce(this.directives, 0).notices
  }

  get incidents(): readonly Incident[] {
    return Object.values(this.state.incidents)
  }

  get phases(): readonly string[] {
    return this.incidents.map(({ phase }) => phase.kind)
  }

  /** What was done, and the verdicts on it, in order. */
  get deeds(): readonly string[] {
    return this.records.flatMap((record) => (record.stage === 'execution' ? [record.what] : []))
  }

  get learnt(): readonly Learning[] {
    return this.records.flatMap((record) => (record.stage === 'learning' ? [record] : []))
  }

  get wordsToPeople(): readonly string[] {
    return this.told.map(({ type }) => type)
  }

  #ask(): void {
    if (this.#ratePerS === 0) return
    const caps = this.shares['chat'] ?? {}
    while (this.now >= this.#nextAt) {
      this.#nextAt = Math.max(this.#nextAt, this.now - TICK_MS) + 1_000 / this.#ratePerS
      const [first, ...others] = Object.keys(this.#providers).map((id) => ({ id }))
      if (first === undefined) return
      const health = { version: 1, shares: {} }
      const { order } = rankWithin([first, ...others], health, caps, this.#order, () => this.#random())
      this.#asked += 1
      this.answered[order[0].id] = (this.answered[order[0].id] ?? 0) + 1
      this.#start('gateway', order[0].id, this.#asked % this.#lateEvery === 0 ? TARGET_MS + 1 : 0)
    }
    for (const [candidate, { probeEveryMs = Infinity }] of Object.entries(caps)) {
      if (this.now < (this.#probedAt[candidate] ?? 0) + probeEveryMs) continue
      this.#probedAt[candidate] = this.now
      this.#start('probe', candidate)
    }
  }

  #start(origin: Origin, candidate: string, extraMs = 0): void {
    const ms = (this.#providers[candidate] ?? 0) + extraMs
    this.#inFlight.push({ at: this.now + ms, origin, candidate, directives: this.state.version, ms })
  }

  /** As health does it: late ones go up at once, the others are gathered for a second. */
  #hear(): void {
    const arrived = this.#inFlight.filter(({ at }) => at <= this.now)
    if (arrived.length === 0) return
    this.#inFlight = this.#inFlight.filter(({ at }) => at > this.now)
    this.#gathered.push(...arrived)
    if (arrived.every(({ ms }) => ms <= TARGET_MS) && this.now < this.#gatheredAt + 1_000) return
    this.#gatheredAt = this.now
    const kinds = Map.groupBy(
      this.#gathered,
      ({ origin, candidate, directives }) => `${origin} ${candidate} ${directives}`,
    )
    this.#gathered = []
    this.report(
      [...kinds.values()].flatMap((seen) => {
        const [first] = seen
        return first === undefined
          ? []
          : [
              observed(
                first,
                seen.map(({ ms }) => ms),
              ),
            ]
      }),
    )
  }

  /** Mulberry32. */
  #random(): number {
    this.#seed = (this.#seed + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const observed = (
  { origin, candidate, directives }: Pick<Observation, 'origin' | 'candidate' | 'directives'>,
  times: readonly number[],
): Observation => ({
  origin,
  route: 'chat',
  candidate,
  directives,
  summary: times.reduce((sum, ms) => mergeSummaries(sum, summaryOf(ms, ms > TARGET_MS)), emptySummary),
})

const late = (candidate: string, count = 1, origin: Origin = 'gateway', directives = 1): Observation =>
  observed(
    { origin, candidate, directives },
    Array.from({ length: count }, () => 3_000),
  )
const timely = (candidate: string, count = 1, origin: Origin = 'gateway', directives = 1): Observation =>
  observed(
    { origin, candidate, directives },
    Array.from({ length: count }, () => 200),
  )

/** A world in which `a` has just become ten times as slow, after minutes of health. */
function slowed(options: Partial<WorldOptions> = {}): World {
  const world = new World({ providers: { a: 200, b: 210 }, ...options })
  world.run(2 * MINUTE)
  world.forget()
  world.set('a', 2_000)
  return world
}

describe('ttfvt-breach while all is well', () => {
  it('does nothing, whatever the order of the route', () => {
    for (const order of ['strict', 'share'] as const) {
      const world = new World({ providers: { a: 200, b: 210 }, order })
      world.run(10 * MINUTE)
      expect([world.records, world.told, world.incidents, world.state.leases]).toEqual([[], [], [], []])
    }
  })

  it('takes single late answers for chance', () => {
    const world = new World({ providers: { a: 200, b: 210 }, lateEvery: 20 })
    world.run(10 * MINUTE)
    expect([world.records, world.incidents]).toEqual([[], []])
  })

  it('says its directives again before they grow stale', () => {
    const world = new World({ providers: { a: 200, b: 210 } })
    const { version } = world.state
    world.run(11 * MINUTE)
    expect(world.state.version).toBe(version + 2)
    expect(inForce(world.directives, 0).stale).toBe(false)
  })
})

describe('ttfvt-breach on a provider that becomes slow', () => {
  it('moves the traffic upon the third late answer, and all of it after a second', () => {
    const world = slowed()
    const tookMs = world.until(() => world.incidents.length > 0)
    expect(tookMs).toBeLessThan(2_500)
    expect(world.state.signals['chat a']?.edge.consecutive.run).toBe(3)
    expect(world.shares).toEqual({ chat: { a: { cap: 0.5, probeEveryMs: 2_000 } } })
    world.until(() => world.phases[0] === 'verifying', 1_100)
    expect(world.shares).toEqual({ chat: { a: { cap: 0, probeEveryMs: 2_000 } } })
    world.forget()
    world.run(5_000)
    expect(world.answered).toEqual({ a: 0, b: 50 })
  })

  it('moves all traffic at once where the other was seen in time of late', () => {
    const world = slowed({ order: 'share' })
    world.until(() => world.incidents.length > 0)
    expect(world.shares['chat']?.['a']?.cap).toBe(0)
    expect(world.deeds).toEqual(['traffic-moved'])
  })

  it('finds users well again within seconds, and tells them and people once each, upon proof', () => {
    const world = slowed()
    world.until(() => world.incidents.length > 0)
    expect([world.notices, world.told]).toEqual([[], []])
    world.until(() => world.told.length > 0)
    expect(world.notices.map(({ code, select }) => [code, select])).toEqual([
      ['slow-answers', { route: 'chat' }],
    ])
    const sinceProof = world.until(() => world.deeds.includes('restored'))
    expect(sinceProof).toBeLessThan(6_000)
    expect(world.notices.map(({ code }) => code)).toEqual(['slow-answers-better'])
    world.run(5 * MINUTE)
    expect(world.phases).toEqual(['holding'])
    expect(world.wordsToPeople).toEqual(['incident.opened'])
    expect(world.notices).toEqual([])
  })

  it('holds as long as small questions are answered late, and keeps its lease', () => {
    const world = slowed()
    world.run(60 * MINUTE)
    expect(world.phases).toEqual(['holding'])
    expect(world.shares['chat']?.['a']?.cap).toBe(0)
  })

  it('gives the traffic back by steps once it is well, closes, and learns what came of it', () => {
    const world = slowed()
    world.run(MINUTE)
    world.set('a', 200)
    const caps: (number | undefined)[] = []
    world.until(() => {
      const cap = world.shares['chat']?.['a']?.cap
      if (cap !== caps.at(-1)) caps.push(cap)
      return world.incidents.length === 0
    }, 2 * MINUTE)
    expect(caps).toEqual([0, 0.01, 0.05, 0.25, undefined])
    expect(world.state.leases).toEqual([])
    expect(world.wordsToPeople).toEqual(['incident.opened', 'incident.closed'])
    expect(world.learnt).toMatchObject([
      {
        proven: true,
        relapses: 0,
        results: [{ to: 'b', result: 'restored' }],
        tally: { successes: 1, failures: 0 },
      },
    ])
    world.forget()
    world.run(10 * MINUTE)
    expect([world.records, world.answered]).toEqual([[], { a: 6_000, b: 0 }])
  })

  it('goes back to holding when it relapses on its way back, and asks for more good answers then', () => {
    const world = slowed({ ratePerS: 50 })
    world.run(MINUTE)
    const goodNeeded: number[] = []
    for (let relapse = 1; relapse <= 3; relapse += 1) {
      world.set('a', 200)
      goodNeeded.push(world.until(() => world.phases[0] === 'failing-back'))
      world.run(11_000)
      world.set('a', 2_000)
      world.until(() => world.phases[0] === 'holding')
      expect(world.incidents[0]?.relapses).toBe(relapse)
      expect(world.shares['chat']?.['a']?.cap).toBe(0)
      world.run(10_000)
    }
    expect(goodNeeded[1]).toBeGreaterThan(1.5 * (goodNeeded[0] ?? 0))
    expect(goodNeeded[2]).toBeGreaterThan(1.5 * (goodNeeded[1] ?? 0))
    expect(world.wordsToPeople).toEqual(['incident.opened'])
  })

  it('calls a switch a failure when answers stay late, takes it back, and tries the next one', () => {
    const world = slowed({ providers: { a: 200, b: 210, c: 220 } })
    // Late by the expectation, though not by the target: nobody suspects b itself.
    world.set('b', 700)
    world.until(() => world.deeds.includes('not-restored'), MINUTE)
    world.until(() => world.deeds.includes('restored'), MINUTE)
    expect(world.incidents[0]?.attempts.map(({ to, result }) => [to, result])).toEqual([
      ['b', 'not-restored'],
      ['c', 'restored'],
    ])
    world.forget()
    world.run(5_000)
    expect(world.answered).toEqual({ a: 0, b: 0, c: 50 })
  })

  it('learns nothing from a switch to one that is late itself, though a third one helps', () => {
    const world = slowed({ providers: { a: 200, b: 210, c: 220 } })
    world.set('b', 2_100)
    world.run(MINUTE)
    world.set('a', 200)
    world.set('b', 210)
    world.until(() => world.incidents.length === 0)
    expect(world.learnt.flatMap(({ results }) => results.map(({ to, result }) => [to, result]))).toEqual([
      ['b', 'unknown'],
      ['c', 'restored'],
      ['c', 'restored'],
    ])
  })

  it('leaves it to a person when the last option fails', () => {
    const world = slowed()
    world.set('b', 700)
    world.until(() => world.deeds.includes('not-restored'), MINUTE)
    world.run(TICK_MS)
    expect(world.phases).toEqual(['waiting-for-person'])
    expect(world.wordsToPeople).toEqual(['incident.opened', 'incident.needs-person'])
    expect(world.notices.map(({ code }) => code)).toEqual(['slow-answers-alone'])
  })

  it('gives no verdict where too few requests came, and takes up a late one', () => {
    const world = slowed({ ratePerS: 1 })
    world.until(() => world.incidents.length > 0)
    world.arrive(0)
    world.run(40_000)
    expect(world.deeds).toContain('unknown')
    expect(world.incidents[0]?.restoredAt).toBe(null)
    world.arrive(1)
    world.run(5_000)
    expect(world.incidents[0]?.restoredAt).not.toBe(null)
    expect(world.incidents[0]?.attempts[0]?.result).toBe('unknown')
  })
})

describe('ttfvt-breach without an alternative', () => {
  it('tells a person upon proof, is honest to users, and closes when answers are in time', () => {
    const world = slowed({ providers: { a: 200 } })
    world.until(() => world.incidents.length > 0)
    expect([world.told, world.phases]).toEqual([[], ['waiting-for-person']])
    world.until(() => world.told.length > 0)
    expect(world.wordsToPeople).toEqual(['incident.needs-person'])
    expect(world.notices.map(({ code }) => code)).toEqual(['slow-answers-alone'])
    world.run(10 * MINUTE)
    expect(world.notices.map(({ code }) => code)).toEqual(['slow-answers-alone'])
    world.set('a', 200)
    world.until(() => world.incidents.length === 0, MINUTE)
    expect(world.wordsToPeople).toEqual(['incident.needs-person', 'incident.closed'])
    expect(world.state.leases).toEqual([])
  })

  it('closes by what is usual for the provider, where that is above the goal', () => {
    const world = slowed({ providers: { a: 500 } })
    world.run(MINUTE)
    world.set('a', 500)
    world.until(() => world.incidents.length === 0, MINUTE)
    expect(world.state.leases).toEqual([])
  })

  it('closes for all when all become slow and well again, also for one that no user is sent to', () => {
    const world = slowed()
    world.set('b', 2_100)
    world.run(3 * MINUTE)
    expect(world.incidents.map(({ candidate }) => candidate)).toEqual(['a', 'b'])
    expect(new Set(world.wordsToPeople).has('incident.needs-person')).toBe(true)
    world.set('a', 200)
    world.set('b', 210)
    world.until(() => world.incidents.length === 0, 5 * MINUTE)
    expect([world.state.leases, world.notices]).toEqual([[], []])
  })

  it('acts after all when another one becomes well', () => {
    const world = slowed({ order: 'share', providers: { a: 200, b: 210 } })
    world.set('b', 2_000)
    world.run(20_000)
    expect(world.phases).toContain('waiting-for-person')
    world.set('b', 210)
    world.until(() => world.shares['chat']?.['a']?.cap === 0, 5 * MINUTE)
    expect(world.wordsToPeople.filter((word) => word !== 'incident.closed')).toContain('incident.taken-over')
  })
})

describe('ttfvt-breach and what it is told', () => {
  it('does nothing about late pages in front of a provider that is in time', () => {
    const world = new World({ providers: { a: 200, b: 210 }, lateEvery: 20 })
    for (let second = 0; second < 60; second += 1) {
      world.run(1_000)
      world.report([late('a', 5, 'browser')], { from: 'ingest:0' })
    }
    expect([world.records, world.incidents]).toEqual([[], []])
  })

  it('writes forged evidence into the audit, and does nothing else', () => {
    const world = new World({ providers: { a: 200, b: 210 } })
    world.run(1_000)
    const { leases, version, signals } = world.state
    const refusal = { what: 'evidence-forged', source: '/browser/s-1', count: 7 } as const
    world.report([], { from: 'ingest:0', refusals: [refusal] })
    expect(world.records).toEqual([{ stage: 'refused', incident: null, reason: null, ...refusal }])
    expect(world.state).toMatchObject({ leases, version, signals, incidents: {} })
  })

  it('counts a report once, however often it comes, and none that is older', () => {
    const world = new World({ providers: { a: 200, b: 210 } })
    world.report([late('a', 2)], { from: 'w', sequence: 5 })
    const { state } = world
    for (const sequence of [5, 5, 4, 0]) world.report([late('a', 2)], { from: 'w', sequence })
    expect(world.state).toBe(state)
    world.report([late('a', 1)], { from: 'w', sequence: 6 })
    expect(world.incidents).toHaveLength(1)
  })

  it('ignores routes and candidates that are not configured, also such as every object has', () => {
    const world = new World({ providers: { a: 200, b: 210 } })
    const { signals } = world.state
    for (const name of ['z', 'constructor', 'toString', 'valueOf']) {
      world.report([late(name, 10), { ...late('a', 10), route: name }])
    }
    expect(world.state.signals).toEqual(signals)
    expect([world.records, world.incidents]).toEqual([[], []])
  })

  it('closes the incident of a candidate that has left the configuration', () => {
    const world = slowed()
    world.run(MINUTE)
    world.take({ kind: 'configured', settings: { ...settingsOf(['b']), hash: 'h-2' }, epoch: 1 })
    expect([world.incidents, world.state.leases]).toEqual([[], []])
    expect(world.wordsToPeople).toEqual(['incident.opened', 'incident.closed'])
  })

  it('sends nobody to a candidate that has left the configuration', () => {
    const world = slowed({ providers: { a: 200, b: 210, c: 220 } })
    world.run(MINUTE)
    world.take({ kind: 'configured', settings: { ...settingsOf(['a', 'c']), hash: 'h-2' }, epoch: 1 })
    expect(world.incidents[0]?.attempts.at(-1)?.to).toBe('c')
  })
})

describe('ttfvt-breach in silence', () => {
  const HOUR = 60 * MINUTE

  it('holds while nobody asks, since nobody can say that the provider is well', () => {
    const world = slowed()
    world.run(MINUTE)
    world.arrive(0)
    world.run(HOUR)
    expect(world.phases).toEqual(['holding'])
    expect(world.shares['chat']?.['a']).toEqual({ cap: 0, probeEveryMs: 2_000 })
    // The first users afterwards set off the questions that end it.
    world.set('a', 200)
    world.arrive(1)
    world.until(() => world.incidents.length === 0, 2 * MINUTE)
  })

  it('takes its lease up again after a time in which nobody could renew it', () => {
    const world = slowed()
    world.run(MINUTE)
    world.now += HOUR
    world.take({ kind: 'elapsed' })
    expect(world.phases).toEqual(['holding'])
    expect(world.shares['chat']?.['a']?.cap).toBe(0)
  })

  it('comes to no verdict without requests, and then holds', () => {
    const world = slowed()
    world.until(() => world.incidents.length > 0)
    world.arrive(0)
    world.run(HOUR)
    expect(world.phases).toEqual(['holding'])
    expect(world.incidents[0]?.attempts.map(({ result }) => result)).toEqual(['unknown'])
  })

  it('gives the traffic back while nobody uses it', () => {
    const world = slowed()
    world.run(MINUTE)
    world.set('a', 200)
    world.until(() => world.phases[0] === 'failing-back')
    world.arrive(0)
    world.run(31_000)
    expect([world.incidents, world.state.leases]).toEqual([[], []])
  })

  it('keeps waiting for a person, and the word to users with it', () => {
    const world = slowed({ providers: { a: 200 } })
    world.run(10_000)
    world.arrive(0)
    world.run(HOUR)
    expect(world.phases).toEqual(['waiting-for-person'])
    expect(world.notices).toHaveLength(1)
  })
})

describe('the way back', () => {
  it('begins after five good answers to small questions in a row, of which a late one begins the count anew', () => {
    const world = slowed()
    world.until(() => world.phases[0] === 'holding')
    world.arrive(0)
    const { version } = world.state
    for (const seen of [
      timely('a', 4, 'probe', version),
      late('a', 1, 'probe', version),
      timely('a', 4, 'probe', version),
    ])
      world.report([seen])
    expect(world.phases).toEqual(['holding'])
    world.report([timely('a', 1, 'probe', version)])
    expect(world.phases).toEqual(['failing-back'])
  })
})

describe('a route of strict order', () => {
  it('keeps its leader when a back-up is late, however fast another one is', () => {
    const world = new World({ providers: { a: 300, b: 310, c: 200 } })
    world.run(MINUTE)
    world.report([late('b', 8)], { from: 'w' })
    expect(world.shares['chat']).toMatchObject({ b: { cap: expect.any(Number) as number } })
    expect(world.shares['chat']?.['a']).toBeUndefined()
    world.forget()
    world.run(10_000)
    expect(world.answered).toMatchObject({ a: 100 })
  })
})

describe('a stand-by that nobody knows', () => {
  const unknown = { a: 200, b: 650, c: 700 }

  it('may be slower than the one that it relieves ever was, as long as it is not late', () => {
    const world = new World({ providers: unknown })
    // Too few to say what is usual.
    world.run(5_000)
    world.set('a', 2_000)
    world.run(2 * MINUTE)
    expect(world.incidents[0]?.attempts.map(({ to, result }) => [to, result])).toEqual([['b', 'restored']])
  })

  it('keeps the traffic where all are late, because the way back leads to one that is slower still', () => {
    const world = new World({ providers: { a: 200, b: 1_000 } })
    world.run(2 * MINUTE)
    world.set('a', 3_000)
    world.run(3 * MINUTE)
    world.forget()
    world.run(MINUTE)
    expect(world.answered['a'] ?? 0).toBeLessThan((world.answered['b'] ?? 0) / 100)
  })
})

describe('what is learnt of switching', () => {
  const failing = (): World => {
    const world = new World({ providers: { a: 200, b: 210 } })
    world.run(2 * MINUTE)
    world.set('a', 2_000)
    // In time, and still three times slower than usual.
    world.set('b', 700)
    world.run(3 * MINUTE)
    world.set('a', 200)
    world.set('b', 210)
    world.until(() => world.incidents.length === 0)
    return world
  }

  it('is nothing from a suspicion that was never proven', () => {
    const world = new World({ providers: { a: 200, b: 210 } })
    world.run(2 * MINUTE)
    const late = observed({ origin: 'gateway', candidate: 'a', directives: 0 }, [900, 900, 900])
    world.report([late], { from: 'w' })
    world.until(() => world.incidents.length === 0)
    expect(world.learnt).toMatchObject([{ proven: false, tally: { successes: 0, failures: 0 } }])
  })

  it('fades: what has failed is done by itself again some weeks later', () => {
    const world = failing()
    const { tally, pattern = '' } = world.learnt.at(-1) ?? {}
    expect(tally?.failures).toBeGreaterThan(0)
    const week = 7 * 86_400_000
    expect(tallyOf(world.state, pattern, world.now + week).failures).toBeCloseTo((tally?.failures ?? 0) / 2)
    world.now += 10 * week
    world.run(2 * MINUTE)
    world.forget()
    world.set('a', 2_000)
    world.until(() => world.deeds.includes('restored'))
  })
})
