import * as fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import {
  inForce,
  isNewer,
  MODES,
  NO_DIRECTIVES,
  publicDirectivesSchema,
  publicForm,
  serverDirectivesSchema,
  VARIANTS,
  type Lease,
  type Notice,
  type ServerDirectives,
  type Sets,
  type Version,
} from './directive.ts'

const few = fc.constantFrom('a', 'b', 'c')
const ttlMs = fc.integer({ min: 0, max: 100 })
const notice = (id: string): Notice => ({
  id,
  incident: 'incident-1',
  severity: 'warning',
  code: 'slow-answers',
  select: { route: 'chat' },
  symptom: 'Answers take longer than usual to begin.',
  works: 'Everything works.',
  action: 'We are moving requests.',
  since: 1,
  nextUpdateMs: 60_000,
})

const cap = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0)
const share = fc
  .record({ cap, probeEveryMs: fc.option(fc.integer({ min: 50, max: 5_000 }), { nil: undefined }) })
  .map(({ cap, probeEveryMs }) => (probeEveryMs === undefined ? { cap } : { cap, probeEveryMs }))
const shares = fc.dictionary(few, fc.dictionary(few, share, { noNullPrototype: true }), {
  noNullPrototype: true,
})
const features = fc.dictionary(few, fc.constantFrom(...VARIANTS), { noNullPrototype: true })
const notices = fc.uniqueArray(few, { maxLength: 2 }).map((ids) => ids.map(notice))
const sets: fc.Arbitrary<Sets> = fc.record(
  { mode: fc.constantFrom(...MODES), shares, features, notices },
  { requiredKeys: [] },
)
const leases: fc.Arbitrary<Lease[]> = fc
  .array(fc.record({ priority: fc.integer({ min: 0, max: 2 }), sets, ttlMs }), { maxLength: 4 })
  .map((list) => list.map((lease, index) => ({ ...lease, id: `lease-${index}`, incident: 'incident-1' })))
const documents: fc.Arbitrary<ServerDirectives> = fc.record({
  epoch: fc.nat(3),
  version: fc.nat(3),
  issuedAt: fc.nat(),
  maxAgeMs: fc.integer({ min: 0, max: 100 }),
  base: fc.record({
    mode: fc.constantFrom(...MODES),
    shares,
    features,
    notices,
    sampling: cap,
    sdk: fc.boolean(),
  }),
  leases,
})

const lease = (id: string, sets: Sets, rest: Partial<Lease> = {}): Lease => ({
  id,
  incident: 'incident-1',
  priority: 10,
  ttlMs: 1_000,
  sets,
  ...rest,
})
const holding = (...leases: Lease[]): ServerDirectives => ({ ...NO_DIRECTIVES, maxAgeMs: 5_000, leases })

describe('a version', () => {
  const version: fc.Arbitrary<Version> = fc.record({ epoch: fc.nat(3), version: fc.nat(3) })

  it('is newer in a strict order: one way only, never than itself, and along a chain', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const same = a.epoch === b.epoch && a.version === b.version
        expect(Number(isNewer(a, b)) + Number(isNewer(b, a))).toBe(same ? 0 : 1)
        expect(!(isNewer(a, b) && isNewer(b, c)) || isNewer(a, c)).toBe(true)
      }),
    )
  })
})

describe('directives in force', () => {
  it('are the base alone once they are stale, and say so', () => {
    fc.assert(
      fc.property(documents, fc.nat(150), (directives, overMs) => {
        const { base, maxAgeMs } = directives
        expect(inForce(directives, maxAgeMs + 1 + overMs)).toEqual({ ...base, stale: true })
      }),
    )
  })

  it('hold nothing of a lease whose time is over', () => {
    fc.assert(
      fc.property(documents, fc.nat(100), (directives, ageMs) => {
        const running = directives.leases.filter(({ ttlMs }) => ttlMs > ageMs)
        expect(inForce(directives, ageMs)).toEqual(inForce({ ...directives, leases: running }, ageMs))
      }),
    )
  })

  it('do not depend on the order in which leases are listed', () => {
    fc.assert(
      fc.property(documents, (directives) => {
        const turned = { ...directives, leases: directives.leases.toReversed() }
        expect(inForce(turned, 0)).toEqual(inForce(directives, 0))
      }),
    )
  })

  it('follow the higher priority, be it more careful or less', () => {
    const low = lease('low', { mode: 'essential', shares: { chat: { a: { cap: 0 } } } }, { priority: 1 })
    const high = lease('high', { mode: 'conserving', shares: { chat: { a: { cap: 0.5 } } } }, { priority: 2 })
    expect(inForce(holding(high, low), 0)).toMatchObject({
      mode: 'conserving',
      shares: { chat: { a: { cap: 0.5 } } },
    })
  })

  it('are the most careful of what leases of the same priority set, for each thing by itself', () => {
    const one = lease('one', {
      mode: 'conserving',
      features: { search: 'reduced', images: 'off' },
      shares: { chat: { a: { cap: 0 }, b: { cap: 0.5 } } },
    })
    const other = lease('other', {
      mode: 'normal',
      features: { search: 'off', images: 'full' },
      shares: { chat: { a: { cap: 0.4, probeEveryMs: 2_000 }, b: { cap: 0.1 } } },
    })
    const expected = {
      mode: 'conserving',
      features: { search: 'off', images: 'off' },
      shares: { chat: { a: { cap: 0, probeEveryMs: 2_000 }, b: { cap: 0.1 } } },
    }
    expect(inForce(holding(one, other), 0)).toMatchObject(expected)
    expect(inForce(holding(other, one), 0)).toMatchObject(expected)
  })

  it('ask for probes as often as the most eager lease wants them', () => {
    const calm = lease('calm', { shares: { chat: { a: { cap: 0, probeEveryMs: 2_000 } } } })
    const eager = lease('eager', { shares: { chat: { a: { cap: 1, probeEveryMs: 500 } } } })
    expect(inForce(holding(calm, eager), 0).shares).toEqual({ chat: { a: { cap: 0, probeEveryMs: 500 } } })
  })

  it('keep what a lease leaves out: other candidates of the route, other routes, features, notices', () => {
    const directives: ServerDirectives = {
      ...holding(
        lease('one', {
          shares: { chat: { b: { cap: 0 } } },
          features: { search: 'off' },
          notices: [notice('n-2')],
        }),
      ),
      base: {
        ...NO_DIRECTIVES.base,
        shares: { chat: { a: { cap: 0.5 } }, code: { a: { cap: 0.2 } } },
        features: { images: 'reduced' },
        notices: [notice('n-1')],
      },
    }
    expect(inForce(directives, 0)).toMatchObject({
      shares: { chat: { a: { cap: 0.5 }, b: { cap: 0 } }, code: { a: { cap: 0.2 } } },
      features: { images: 'reduced', search: 'off' },
      notices: [{ id: 'n-1' }, { id: 'n-2' }],
    })
  })

  it('hold a notice once, in the words of the highest lease', () => {
    const below = lease('below', { notices: [notice('n-1')] }, { priority: 1 })
    const above = lease('above', { notices: [{ ...notice('n-1'), severity: 'critical' }] }, { priority: 2 })
    expect(inForce(holding(above, below), 0).notices).toEqual([{ ...notice('n-1'), severity: 'critical' }])
  })

  it('take no name for a route that JavaScript objects have by themselves', () => {
    const { shares } = inForce(
      holding(lease('one', { shares: { constructor: { toString: { cap: 0 } } } })),
      0,
    )
    expect(Object.entries(shares)).toEqual([['constructor', { toString: { cap: 0 } }]])
  })
})

describe('the public form', () => {
  it('holds nothing but what anyone may read', () => {
    fc.assert(
      fc.property(documents, (directives) => {
        const form = publicForm(directives)
        expect(Object.keys(form).sort()).toEqual(
          ['epoch', 'issuedAt', 'maxAgeMs', 'mode', 'notices', 'sampling', 'sdk', 'version'].sort(),
        )
        for (const one of form.notices) {
          expect(Object.keys(one).sort()).toEqual([...Object.keys(notice('a')), 'ttlMs'].sort())
        }
      }),
    )
  })

  it('tells of each notice how long its lease still runs, and of one of the base the age of the whole', () => {
    const directives = {
      ...holding(lease('one', { notices: [notice('n-2')] }, { ttlMs: 700 })),
      base: { ...NO_DIRECTIVES.base, notices: [notice('n-1')] },
    }
    expect(publicForm(directives).notices.map(({ id, ttlMs }) => [id, ttlMs])).toEqual([
      ['n-1', 5_000],
      ['n-2', 700],
    ])
  })
})

describe('the documents', () => {
  it('come through their schemas and JSON as they are', () => {
    fc.assert(
      fc.property(documents, (directives) => {
        const read: unknown = JSON.parse(JSON.stringify(directives))
        expect(v.parse(serverDirectivesSchema, read)).toEqual(directives)
        const form = publicForm(directives)
        expect(v.parse(publicDirectivesSchema, JSON.parse(JSON.stringify(form)))).toEqual(form)
      }),
    )
  })

  it('of a version to come are read, without the fields that nobody knows yet', () => {
    const parsed = v.parse(serverDirectivesSchema, { ...NO_DIRECTIVES, later: true })
    expect(parsed).toEqual(NO_DIRECTIVES)
  })
})
