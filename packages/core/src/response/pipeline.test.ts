import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../config/define-config.ts'
import { inForce } from '../directive.ts'
import { emptySummary, mergeSummaries, summaryOf } from '../summary.ts'
import { directivesOf } from './act.ts'
import type { Effect } from './effect.ts'
import type { Observation } from './observation.ts'
import { dueAt, respond, type Input } from './pipeline.ts'
import { INITIAL_STATE, keyOf, type ResponseState, type Settings } from './state.ts'
import type { StageRecord } from './step.ts'

interface Happening {
  readonly input: Input
  /** Since the one before. */
  readonly afterMs: number
}

const { playbooks } = parseConfig({
  providers: { any: { wire: 'openai', baseUrl: 'https://example.com/v1' } },
  models: { any: { provider: 'any', model: 'any' } },
  routes: { chat: { candidates: ['any'] } },
  keys: { app: { secretFrom: 'APP_KEY' } },
})

/** Objects as JSON makes them. */
const PLAIN = { noNullPrototype: true } as const

const NAMES = ['a', 'b', 'c', 'constructor'] as const
const route = fc.record(
  {
    candidates: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1 }),
    order: fc.constantFrom('strict', 'share'),
    targetsMs: fc.constant({ a: 800, b: 800, c: 2_000 }),
  },
  PLAIN,
)
const settings: fc.Arbitrary<Settings> = fc.record(
  {
    hash: fc.constantFrom('h-1', 'h-2'),
    routes: fc.record({ chat: route, code: route }, { requiredKeys: ['chat'], ...PLAIN }),
    playbooks: fc
      .record({
        suspectAfter: fc.constantFrom(1, 3),
        usualLate: fc.constantFrom(0, 0.05),
        restoredSamples: fc.constantFrom(1, 5, 20),
        leaseMs: fc.constantFrom(100, 60_000),
        rampInMs: fc.constantFrom(1, 1_000, 3_600_000),
        restoredWithinMs: fc.constantFrom(1, 30_000),
        recoveredAfter: fc.constantFrom(1, 5),
        failBackStepMs: fc.constantFrom(1, 10_000),
      })
      .map((policy) => ({ 'ttfvt-breach': { ...playbooks['ttfvt-breach'], ...policy } })),
  },
  PLAIN,
)

const ms = fc.constantFrom(0, 150, 200, 500, 900, 3_000, 200_000)
const summary = fc
  .tuple(fc.array(ms, { minLength: 1, maxLength: 6 }), fc.constantFrom(1, 1, 1, 7))
  .map(([times, repeated]) =>
    Array.from({ length: repeated }, () => times)
      .flat()
      .reduce((sum, time) => mergeSummaries(sum, summaryOf(time, time > 800)), emptySummary),
  )
const observation: fc.Arbitrary<Observation> = fc.record(
  {
    origin: fc.constantFrom('gateway', 'gateway', 'probe', 'browser'),
    route: fc.constantFrom('chat', 'chat', 'code', 'toString'),
    candidate: fc.constantFrom(...NAMES),
    directives: fc.oneof(fc.nat(40), fc.constant(1_000)),
    summary,
  },
  PLAIN,
)
const input: fc.Arbitrary<Input> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Input>({ kind: 'elapsed' }) },
  {
    weight: 1,
    arbitrary: fc.record(
      { kind: fc.constant('configured' as const), settings, epoch: fc.constant(1) },
      PLAIN,
    ),
  },
  {
    weight: 12,
    arbitrary: fc.record(
      {
        kind: fc.constant('reported' as const),
        report: fc.record(
          {
            from: fc.constantFrom('health:default', 'ingest:1'),
            sequence: fc.nat(60),
            observations: fc.array(observation, { maxLength: 4 }),
            refusals: fc.constantFrom([], [{ what: 'evidence-forged' as const, source: 's', count: 1 }]),
            shares: fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom(0, 0.5, 1), PLAIN),
          },
          { requiredKeys: ['from', 'sequence', 'observations', 'refusals'], ...PLAIN },
        ),
      },
      PLAIN,
    ),
  },
)
const afterMs = fc.constantFrom(0, 1, 100, 1_000, 10_000, 31_000, 400_000)
/** Sequences rise, but for one in eight, which has been heard already. */
const happenings = fc
  .tuple(settings, fc.array(fc.record({ input, afterMs }), { maxLength: 60, size: 'max' }))
  .map(([first, rest]): Happening[] => [
    { input: { kind: 'configured', settings: first, epoch: 1 }, afterMs: 0 },
    ...rest.map(({ input, afterMs }, index) => ({ input: numbered(input, index), afterMs })),
  ])
const numbered = (input: Input, index: number): Input =>
  input.kind === 'reported' && input.report.sequence % 8 > 0
    ? { ...input, report: { ...input.report, sequence: 100 + index } }
    : input

interface Run {
  readonly state: ResponseState
  readonly records: readonly StageRecord[]
  readonly effects: readonly Effect[]
  readonly now: number
}
const START: Run = { state: INITIAL_STATE, records: [], effects: [], now: 1_000_000 }

const fold = (list: readonly Happening[], from: Run = START): Run =>
  list.reduce<Run>((run, { input, afterMs }) => {
    const now = run.now + afterMs
    const { state, records, effects } = respond(run.state, input, now)
    return { state, records: [...run.records, ...records], effects: [...run.effects, ...effects], now }
  }, from)

const copied = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/** Looks at every state on the way. */
function each(
  list: readonly Happening[],
  look: (after: ResponseState, now: number, before: ResponseState, effects: readonly Effect[]) => void,
): void {
  let { state, now } = START
  for (const { input, afterMs } of list) {
    now += afterMs
    const next = respond(state, input, now)
    look(next.state, now, state, next.effects)
    state = next.state
  }
}

describe('the response, whatever happens', () => {
  it('comes to the same state, records and effects again, also from a snapshot in the middle', () => {
    fc.assert(
      fc.property(happenings, fc.nat(60), (list, at) => {
        const whole = fold(list)
        const half = fold(list.slice(0, at))
        expect(fold(copied(list).slice(at), { ...half, state: copied(half.state) })).toEqual(whole)
      }),
    )
  })

  it('never changes what it was given', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        const before = copied(list)
        fold(list)
        expect(copied(list)).toEqual(before)
      }),
    )
  })

  it('is plain data that JSON can hold', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        const lost: unknown[] = []
        JSON.stringify(fold(list), (key, value: unknown) => {
          if (value === undefined || (typeof value === 'number' && !Number.isFinite(value)))
            lost.push([key, value])
          return value
        })
        expect(lost).toEqual([])
      }),
    )
  })

  it('never goes back to a lower version, and publishes each one once', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        each(list, (after, _now, before, effects) => {
          expect(after.version).toBeGreaterThanOrEqual(before.version)
          const published = effects.filter(({ kind }) => kind === 'publish')
          const due = after.version > before.version
          expect(published).toEqual(
            due ? [{ kind: 'publish', id: `publish:${after.version}`, version: after.version }] : [],
          )
        })
      }),
    )
  })

  it('changes its version whenever its directives change', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        each(list, (after, _now, before) => {
          expect(after.version > before.version || after.leases === before.leases).toBe(true)
        })
      }),
    )
  })

  it('gives every effect an id of its own', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        const ids = fold(list).effects.map(({ id }) => id)
        expect(new Set(ids).size).toBe(ids.length)
      }),
    )
  })

  it('has one incident at most for a candidate on a route, and only for those that are configured', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        each(list, ({ incidents, settings }) => {
          const keys = Object.values(incidents).map(({ route, candidate }) => keyOf(route, candidate))
          expect(new Set(keys).size).toBe(keys.length)
          const configured = new Set(
            Object.entries(settings?.routes ?? {}).flatMap(([route, { candidates }]) =>
              candidates.map((candidate) => keyOf(route, candidate)),
            ),
          )
          expect(keys.filter((key) => !configured.has(key))).toEqual([])
        })
      }),
    )
  })

  it('holds leases for open incidents alone, and for each of them the one of its shares', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        each(list, ({ incidents, leases }, now) => {
          expect(leases.filter(({ incident }) => incidents[incident] === undefined)).toEqual([])
          expect(leases.filter(({ endsAt }) => endsAt <= now)).toEqual([])
          const shares = leases.flatMap(({ id, sets }) => (sets.shares === undefined ? [] : [id])).sort()
          expect(shares).toEqual(
            Object.keys(incidents)
              .map((id) => `${id}:shares`)
              .sort(),
          )
        })
      }),
    )
  })

  it('sends nobody to one who is not configured, nor back to the one that is late', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        each(list, ({ incidents, settings }) => {
          for (const { route, candidate, attempts, phase } of Object.values(incidents)) {
            const to = phase.kind === 'waiting-for-person' ? undefined : attempts.at(-1)?.to
            expect(to).not.toBe(candidate)
            expect(to === undefined || settings?.routes[route]?.candidates.includes(to)).toBe(true)
          }
        })
      }),
    )
  })

  it('tells people of an incident in order: opened at most once, closed at most once and last', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        const told = Map.groupBy(
          fold(list).effects.flatMap((effect) => (effect.kind === 'notify' ? [effect.message] : [])),
          ({ incident }) => incident,
        )
        for (const messages of told.values()) {
          expect(messages.map(({ type }) => type).join(' ')).toMatch(
            /^(incident\.opened ?)?(incident\.needs-person ?)?(incident\.taken-over ?)?(incident\.closed)?$/,
          )
          expect(messages[0]?.type).not.toBe('incident.closed')
        }
      }),
    )
  })

  it('says of nobody that its traffic is back whose traffic is capped, or who is gone', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        each(list, (state, now, before, effects) => {
          for (const effect of effects) {
            if (effect.kind !== 'notify' || !effect.message.briefing.headline.includes('traffic back'))
              continue
            const { route, candidate } = effect.message.briefing.affected
            const cap = inForce(directivesOf(state, now), 0).shares[route]?.[candidate]?.cap ?? 1
            const own = Object.values(state.incidents).some((one) => one.candidate === candidate)
            expect(cap === 1 || own).toBe(true)
            // Time passes before anything else is taken in, so it may leave at the same instant.
            expect(before.settings?.routes[route]?.candidates).toContain(candidate)
          }
        })
      }),
    )
  })

  it('wants to be looked at in the future, never again in the same instant', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        each(list, (after, now) => {
          expect(dueAt(after)).toBeGreaterThan(now)
          const due = dueAt(after)
          expect(dueAt(respond(after, { kind: 'elapsed' }, due).state)).toBeGreaterThan(due)
        })
      }),
    )
  })

  it('changes nothing while time passes before it wants to be looked at', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        const { state, now } = fold(list)
        const before = Math.max(now, Math.ceil(dueAt(state)) - 1)
        expect(respond(state, { kind: 'elapsed' }, before).state).toBe(state)
      }),
    )
  })

  it('changes nothing upon a report that it has heard', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        each(list, (after, now) => {
          for (const [from, sequence] of Object.entries(after.heard)) {
            const report = { from, sequence, observations: [], refusals: [], shares: { a: 0 } }
            expect(respond(after, { kind: 'reported', report }, now)).toEqual({
              state: after,
              records: [],
              effects: [],
            })
          }
        })
      }),
    )
  })
})
