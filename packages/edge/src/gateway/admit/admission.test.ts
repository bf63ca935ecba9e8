import { CRITICALITIES, MODES, NEWCOMER, parseConfig, type Criticality, type Mode } from '@paceline/core'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isProblem, type Problem } from '../problem.ts'
import type { AppKey, Route } from '../setup.ts'
import { Admission, type Admitted } from './admission.ts'

const LIMIT = 10
const BOUNDS = { initial: LIMIT, min: LIMIT, max: LIMIT }
const TOTAL_MS = 60_000
const WELL = { version: 1, shares: {} }
const ILL = { version: 1, shares: { m: { ...NEWCOMER, share: 0, generation: 1 } } }

const HOST = {
  leaseQuota: () => Promise.reject(new Error('no quota is asked for here')),
  waitUntil: () => undefined,
}

const keyOf = (criticalities: readonly Criticality[] = []): AppKey => ({
  name: 'app',
  secret: new Uint8Array(),
  routes: null,
  criticalities,
  allowances: [],
  tenant: null,
})

const routeOf = (fields: Partial<Route> = {}): Route =>
  ({ name: 'chat', candidates: [{ id: 'm' }], timers: { totalMs: TOTAL_MS }, ...fields }) as unknown as Route

class Gate {
  now = 1_000_000
  mode: Mode = 'normal'
  hasStandIn = false
  shares: typeof WELL | typeof ILL = WELL
  readonly #admission = new Admission({
    now: () => this.now,
    sleep: () => Promise.resolve(),
    random: () => 0.5,
  })

  ask(
    headers: Record<string, string> = {},
    { key = keyOf(), route = routeOf() } = {},
  ): Promise<Admitted | Problem> {
    const applicant = { headers: new Headers(headers), key, route }
    return this.#admission.admit(
      applicant,
      BOUNDS,
      { shares: this.shares, mode: this.mode, hasStandIn: this.hasStandIn },
      HOST,
    )
  }

  as(criticality: Criticality, run?: string): Promise<Admitted | Problem> {
    const headers = run === undefined ? {} : { 'paceline-run': run }
    return this.ask(headers, { key: keyOf([criticality]) })
  }

  async fill(criticality: Criticality, count: number): Promise<Admitted[]> {
    const all = await Promise.all(Array.from({ length: count }, () => this.as(criticality)))
    return all.filter((one): one is Admitted => !isProblem(one))
  }
}

let logged: string[]
beforeEach(() => {
  logged = []
  vi.spyOn(console, 'error').mockImplementation((line: string) => void logged.push(line))
})
afterEach(() => void vi.restoreAllMocks())

describe('the class of a request', () => {
  const classOf = async (
    key: readonly Criticality[],
    route: Criticality | undefined,
    header?: string,
  ): Promise<Criticality | Problem> => {
    const headers = header === undefined ? {} : { 'paceline-criticality': header }
    const where = { key: keyOf(key), route: routeOf(route === undefined ? {} : { criticality: route }) }
    const admitted = await new Gate().ask(headers, where)
    return isProblem(admitted) ? admitted : admitted.criticality
  }

  it.each<[Criticality[], Criticality | undefined, string | undefined, Criticality]>([
    [[], undefined, undefined, 'interactive'],
    [['critical'], undefined, undefined, 'critical'],
    [[], 'critical', undefined, 'critical'],
    [['critical'], 'background', undefined, 'background'],
    [['background', 'bulk'], 'critical', undefined, 'bulk'],
    [[], undefined, 'bulk', 'bulk'],
    [[], undefined, 'critical', 'interactive'],
    [['critical'], 'critical', 'background', 'background'],
    [['bulk'], undefined, 'interactive', 'bulk'],
    [[], undefined, 'urgent', 'interactive'],
  ])(
    'of a key and tier of %j, on a route of %s, with the header %s, is %s',
    async (key, route, header, own) => {
      expect(await classOf(key, route, header)).toBe(own)
    },
  )
})

describe('admission', () => {
  it('turns the lowest classes away first, and says why and for how long', async () => {
    const gate = new Gate()
    expect(await gate.fill('bulk', 20)).toHaveLength(6)
    expect(await gate.fill('background', 20)).toHaveLength(1)
    expect(await gate.fill('interactive', 20)).toHaveLength(1)
    expect(await gate.fill('critical', 20)).toHaveLength(2)
    expect(await gate.as('bulk')).toEqual({
      status: 503,
      code: 'overloaded',
      message:
        'The gateway has more to do than it can do well, and turns the less urgent requests away. This request counts as bulk. Send it again in 3 seconds.',
      param: null,
      retryable: true,
      retryAfterS: 3,
      clientsMayRetry: true,
    })
  })

  it('has room again when requests are over, told or not', async () => {
    const gate = new Gate()
    const [first] = await gate.fill('bulk', 6)
    first?.over()
    first?.over()
    expect(await gate.fill('bulk', 6)).toHaveLength(1)
    gate.now += TOTAL_MS
    expect(await gate.fill('bulk', 10)).toHaveLength(6)
  })

  it('weighs each route by itself', async () => {
    const gate = new Gate()
    await gate.fill('critical', 10)
    expect(isProblem(await gate.ask({}, { route: routeOf({ name: 'other' }) }))).toBe(false)
  })

  it('leaves the attempts to others where no candidate is permitted', async () => {
    const gate = new Gate()
    gate.shares = ILL
    expect(await gate.as('background')).toMatchObject({
      status: 503,
      message: expect.stringMatching(/No provider/) as string,
    })
    expect(isProblem(await gate.as('interactive'))).toBe(false)
  })

  it('leaves it to the routing to say that nobody is set up', async () => {
    expect(isProblem(await new Gate().ask({}, { route: routeOf({ candidates: [] }) }))).toBe(false)
  })

  it('learns from times to first output', async () => {
    const gate = new Gate()
    const wide = { ...BOUNDS, max: 1_000 }
    const admission = new Admission({ now: () => gate.now, sleep: () => Promise.resolve(), random: () => 0 })
    const ask = (): Promise<Admitted | Problem> =>
      admission.admit(
        { headers: new Headers(), key: keyOf(['critical']), route: routeOf() },
        wide,
        { shares: WELL, mode: 'normal', hasStandIn: false },
        HOST,
      )
    const attempts = [
      { candidate: 'm', startedAt: 0, headersAt: 1, firstOutputAt: null },
      { candidate: 'm', startedAt: 100, headersAt: 110, firstOutputAt: 150 },
    ]
    for (let round = 0; round < 200; round += 1) {
      const all = await Promise.all(Array.from({ length: LIMIT }, ask))
      for (const one of all)
        if (!isProblem(one)) {
          one.learnFrom(attempts)
          one.over()
        }
    }
    const most = await Promise.all(Array.from({ length: 100 }, ask))
    expect(most.filter((one) => !isProblem(one)).length).toBeGreaterThan(LIMIT)
  })

  it('turns nobody away by itself at the loads of an ordinary isolate, not even while providers are ten times slower', async () => {
    const { limits } = parseConfig({
      providers: { p: { wire: 'openai', baseUrl: 'https://p.test/v1' } },
      models: { m: { provider: 'p', model: 'm' } },
      routes: { chat: { candidates: ['m'] } },
      keys: { app: { secretFrom: 'KEY' } },
    })
    let now = 0
    const admission = new Admission({ now: () => now, sleep: () => Promise.resolve(), random: () => 0 })
    const applicant = { headers: new Headers(), key: keyOf(['bulk']), route: routeOf() }
    const working: { readonly endsAt: number; readonly one: Admitted }[] = []
    let refused = 0
    // A hundred requests a second, which stay for half a second, then for three, then for half a second again.
    for (; now < 90_000; now += 10) {
      const tookMs = now >= 30_000 && now < 60_000 ? 3_000 : 300
      while ((working[0]?.endsAt ?? Infinity) <= now) working.shift()?.one.over()
      const one = await admission.admit(
        applicant,
        limits.inFlight,
        { shares: WELL, mode: 'normal', hasStandIn: false },
        HOST,
      )
      if (isProblem(one)) refused += 1
      else {
        one.learnFrom([{ startedAt: 0, firstOutputAt: tookMs }])
        working.push({ endsAt: now + tookMs + 200, one })
      }
    }
    expect(refused).toBe(0)
  })

  it('turns nobody away for want of a provider whom a stored answer may serve', async () => {
    const gate = new Gate()
    gate.shares = ILL
    expect(isProblem(await gate.as('bulk'))).toBe(true)
    gate.hasStandIn = true
    expect(isProblem(await gate.as('bulk'))).toBe(false)
  })

  it('tells the log how many were turned away, once for many', async () => {
    const gate = new Gate()
    await gate.fill('bulk', 20)
    gate.now += 10_000
    await gate.as('critical')
    expect(logged.map((line) => JSON.parse(line) as object)).toEqual([
      {
        event: 'admission.refused',
        byClass: { critical: 0, interactive: 0, background: 0, bulk: 1 },
        byCode: { overloaded: 1 },
        overMs: 0,
      },
      {
        event: 'admission.refused',
        byClass: { critical: 0, interactive: 0, background: 0, bulk: 13 },
        byCode: { overloaded: 13 },
        overMs: 10_000,
      },
    ])
  })
})

describe('a started run', () => {
  it('goes on where nothing is admitted that would start something', async () => {
    const gate = new Gate()
    const first = await gate.as('bulk', 'r')
    if (!isProblem(first)) first.over()
    await gate.fill('critical', 10)
    expect(isProblem(await gate.as('critical'))).toBe(true)
    expect(isProblem(await gate.as('critical', 'new'))).toBe(true)
    expect(isProblem(await gate.as('bulk', 'r'))).toBe(false)
  })

  it('has not started where its first turn was turned away', async () => {
    const gate = new Gate()
    await gate.fill('bulk', 6)
    await gate.as('bulk', 'r')
    expect(isProblem(await gate.as('bulk', 'r'))).toBe(true)
  })

  it('belongs to one key', async () => {
    const gate = new Gate()
    await gate.ask({ 'paceline-run': 'r' })
    await gate.fill('critical', 10)
    const other = { key: { ...keyOf(), name: 'other' } }
    expect(isProblem(await gate.ask({ 'paceline-run': 'r' }, other))).toBe(true)
    expect(isProblem(await gate.ask({ 'paceline-run': 'r' }))).toBe(false)
  })

  const steps = fc.array(
    fc.record({
      act: fc.constantFrom('arrive', 'arrive', 'arrive', 'flood', 'end', 'mode', 'health'),
      criticality: fc.constantFrom(...CRITICALITIES),
      run: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined }),
      mode: fc.constantFrom(...MODES),
      isWell: fc.boolean(),
      which: fc.nat(30),
      afterMs: fc.constantFrom(0, 10, 20_000, 300_000),
    }),
    { maxLength: 150 },
  )
  type Step = (typeof steps extends fc.Arbitrary<infer All> ? All : never) extends (infer One)[] ? One : never

  it('is never turned away at a moment at which anything else is admitted, nor a class before a lower one', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        expect(await injustices(steps)).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  /** Plays what happens, and names whoever was admitted at a moment at which somebody with a better claim was not. */
  async function injustices(steps: readonly Step[]): Promise<string[]> {
    const gate = new Gate()
    const working: (() => void)[] = []
    const runs = new Map<string, { at: number; isOver: boolean }[]>()
    const found: string[] = []
    const arrive = async (criticality: Criticality, run: string | undefined): Promise<void> => {
      const turns = (run === undefined ? undefined : runs.get(run)) ?? []
      const answer = await gate.as(criticality, run)
      if (isProblem(answer)) {
        const hasStarted = turns.some(({ at }) => gate.now - at < 600_000)
        const atOnce = turns.filter(({ at, isOver }) => !isOver && gate.now - at < TOTAL_MS).length
        const isStarted = hasStarted && atOnce < 8
        // Nothing has changed by a refusal, so what is asked now is asked at the same moment.
        for (const other of isStarted ? CRITICALITIES : notAbove(criticality))
          if (!isProblem(await gate.as(other)))
            found.push(`${other} before ${isStarted ? 'a started' : 'a'} ${criticality}`)
        return
      }
      const turn = { at: gate.now, isOver: false }
      if (run !== undefined) runs.set(run, [...turns, turn])
      working.push(() => {
        answer.over()
        turn.isOver = true
      })
    }
    for (const { act, criticality, run, mode, isWell, which, afterMs } of steps) {
      gate.now += afterMs
      if (act === 'arrive') await arrive(criticality, run)
      else if (act === 'flood')
        working.push(...(await gate.fill(criticality, which)).map((one) => () => one.over()))
      else if (act === 'end') working.splice(which % Math.max(1, working.length), 1)[0]?.()
      else if (act === 'mode') gate.mode = mode
      else gate.shares = isWell ? WELL : ILL
    }
    return found
  }

  const notAbove = (criticality: Criticality): readonly Criticality[] =>
    CRITICALITIES.slice(CRITICALITIES.indexOf(criticality))
})
