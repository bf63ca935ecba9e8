import { inForce, NO_DIRECTIVES, type ServerDirectives } from '@paceline/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DirectiveView } from './directive-view.ts'

const document: fc.Arbitrary<ServerDirectives> = fc
  .record({
    epoch: fc.integer({ min: 1, max: 2 }),
    version: fc.nat(4),
    maxAgeMs: fc.nat(60),
    ends: fc.array(fc.nat(60), { maxLength: 4 }),
  })
  .map(({ epoch, version, maxAgeMs, ends }) => ({
    ...NO_DIRECTIVES,
    epoch,
    version,
    maxAgeMs,
    leases: ends.map((ttlMs, index) => ({
      id: `lease-${index}`,
      incident: 'incident-1',
      priority: 10,
      ttlMs,
      sets: { shares: { chat: { [`candidate-${index}`]: { cap: 0 } } } },
    })),
  }))

const act = fc.oneof(
  fc.record({ kind: fc.constant('take' as const), directives: document, ageMs: fc.nat(30) }),
  fc.record({ kind: fc.constant('ask' as const), afterMs: fc.nat(20) }),
)

const versioned = (version: number, epoch = 1): ServerDirectives => ({
  ...NO_DIRECTIVES,
  epoch,
  version,
  maxAgeMs: 1_000,
})

describe('directives in view', () => {
  it('come to the same as if they were worked out afresh each time', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        const view = new DirectiveView()
        let now = 1_000
        for (const one of acts) {
          if (one.kind === 'take') view.take(one, now)
          else now += one.afterMs
          const { directives, ageMs } = view.held(now)
          expect(view.isEmpty ? inForce(NO_DIRECTIVES, 0) : inForce(directives, ageMs)).toEqual(
            view.inForce(now),
          )
        }
      }),
      { numRuns: 500 },
    )
  })

  it('are worked out once for as long as no lease ends', () => {
    const view = new DirectiveView()
    const lease = { id: 'l', incident: 'i', priority: 1, sets: {}, ttlMs: 100 }
    view.take({ directives: { ...versioned(1), leases: [lease] }, ageMs: 0 }, 0)
    const first = view.inForce(0)
    expect(view.inForce(99)).toBe(first)
    expect(view.inForce(100)).not.toBe(first)
  })

  it('are as configured before anything is heard, and not called stale', () => {
    expect(new DirectiveView().inForce(1e9)).toEqual({ ...NO_DIRECTIVES.base, stale: false })
  })

  it('are never replaced by older ones', () => {
    const view = new DirectiveView()
    view.take({ directives: versioned(3), ageMs: 0 }, 0)
    view.take({ directives: versioned(2), ageMs: 0 }, 1)
    expect(view.version).toMatchObject({ epoch: 1, version: 3 })
    view.take({ directives: versioned(1, 2), ageMs: 0 }, 2)
    expect(view.version).toMatchObject({ epoch: 2, version: 1 })
  })

  it('grow no older by being told again, and younger where the teller knows better', () => {
    const view = new DirectiveView()
    view.take({ directives: versioned(1), ageMs: 100 }, 1_000)
    view.take({ directives: versioned(1), ageMs: 500 }, 1_000)
    expect(view.held(1_000).ageMs).toBe(100)
    view.take({ directives: versioned(1), ageMs: 20 }, 1_000)
    expect(view.held(1_030).ageMs).toBe(50)
  })

  it('are followed by no call once a lease on routing has ended, or nobody has spoken for too long', () => {
    const view = new DirectiveView()
    expect(view.followedAt(0)).toBe(0)
    const lease = { id: 'l', incident: 'i', priority: 1 }
    const routing = { ...lease, sets: { shares: { chat: { a: { cap: 0 } } } }, ttlMs: 500 }
    const notice = { ...lease, id: 'n', sets: { notices: [] }, ttlMs: 100 }
    view.take({ directives: { ...versioned(3), leases: [routing, notice] }, ageMs: 0 }, 0)
    expect([0, 100, 499, 500, 5_000].map((now) => view.followedAt(now))).toEqual([3, 3, 3, 0, 0])
    view.take({ directives: versioned(4), ageMs: 0 }, 600)
    expect([600, 1_600, 1_601].map((now) => view.followedAt(now))).toEqual([4, 4, 0])
  })
})
