import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  allowance,
  BREAKER,
  closedBreaker,
  leaseProbe,
  recordResult,
  tripped,
  type Breaker,
} from './breaker.ts'

type Result = 'success' | 'failure'

const feed = (breaker: Breaker, results: readonly Result[], now = 0): Breaker =>
  results.reduce((state, result) => recordResult(state, result, state.generation, now), breaker)
const times = (count: number, result: Result): Result[] => Array.from({ length: count }, () => result)
const opened = (now = 0): Breaker => feed(closedBreaker(), times(5, 'failure'), now)

/** Opens it `count` times in a row by probes that fail as soon as they are due; the instant is that of the last one. */
function openedOften(count: number): { breaker: Breaker; at: number } {
  let at = 0
  let breaker = opened(at)
  for (let opening = 1; opening < count; opening += 1) {
    at = dueAt(breaker)
    breaker = recordResult(leaseProbe(breaker, at).breaker, 'failure', breaker.generation, at)
  }
  return { breaker, at }
}

function dueAt(breaker: Breaker): number {
  if (breaker.kind === 'closed') throw new Error('a closed breaker wants no probe')
  return breaker.nextProbeAt
}

describe('a closed breaker', () => {
  it('opens at the fifth failure in a row, and not at the fourth', () => {
    expect(feed(closedBreaker(), times(4, 'failure')).kind).toBe('closed')
    expect(feed(closedBreaker(), times(5, 'failure')).kind).toBe('open')
  })

  it('starts the row anew after a success', () => {
    const results = [...times(4, 'failure'), 'success', ...times(4, 'failure')] as const
    expect(feed(closedBreaker(), results).kind).toBe('closed')
  })

  it('opens when half of ten have failed, though never five in a row', () => {
    const nine = [...times(5, 'success'), ...times(4, 'failure')]
    expect(feed(closedBreaker(), nine).kind).toBe('closed')
    const mixed: Result[] = [
      'success',
      'failure',
      'success',
      'failure',
      'success',
      'failure',
      'success',
      'failure',
      'success',
    ]
    expect(feed(closedBreaker(), mixed).kind).toBe('closed')
    expect(feed(closedBreaker(), [...mixed, 'failure']).kind).toBe('open')
  })

  it('looks at the last twenty alone', () => {
    // Nine failures of twenty stay below the half, wherever they stand.
    const calm: Result[] = [...times(11, 'success'), ...Array.from({ length: 9 }, () => 'failure' as const)]
    const spread = calm.map((_, index): Result => (index % 2 === 1 && index < 18 ? 'failure' : 'success'))
    expect(feed(closedBreaker(), [...times(200, 'success'), ...spread]).kind).toBe('closed')
    // What is older counts no more: two failures in five go on for ever, and are never ten in twenty.
    const often = Array.from({ length: 200 }, (_, index): Result => (index % 5 < 2 ? 'failure' : 'success'))
    expect(feed(closedBreaker(), [...times(20, 'success'), ...often]).kind).toBe('closed')
    // A long good past excuses nothing: within twenty results it is forgotten.
    const half = Array.from({ length: 20 }, (_, index): Result => (index % 2 === 1 ? 'failure' : 'success'))
    expect(feed(closedBreaker(), [...times(200, 'success'), ...half]).kind).toBe('open')
  })

  it('opens exactly when a plain count of the same results says so', () => {
    const results = fc.array(fc.constantFrom<Result>('success', 'success', 'failure'), {
      maxLength: 80,
      size: 'max',
    })
    fc.assert(
      fc.property(results, (all) => {
        let state: Breaker = closedBreaker()
        for (const [index, result] of all.entries()) {
          state = recordResult(state, result, 0, 0)
          const past = all.slice(0, index + 1)
          const recent = past.slice(-20)
          const many =
            recent.length >= 10 && recent.filter((one) => one === 'failure').length >= recent.length / 2
          const row = past.length >= 5 && past.slice(-5).every((one) => one === 'failure')
          expect(state.kind).toBe(many || row ? 'open' : 'closed')
          if (state.kind === 'open') return
        }
      }),
      { numRuns: 500 },
    )
  })

  it('counts what began before its generation was known', () => {
    let breaker = closedBreaker(7)
    for (const result of times(4, 'failure')) breaker = recordResult(breaker, result, null, 0)
    expect(breaker).toMatchObject({ kind: 'closed', samples: 4, inARow: 4 })
    expect(recordResult(breaker, 'success', null, 0)).toMatchObject({ samples: 5, inARow: 0 })
    expect(recordResult(breaker, 'failure', null, 0)).toMatchObject({ kind: 'open', generation: 8 })
    expect(tripped(closedBreaker(7), null, 0)).toMatchObject({ kind: 'open', generation: 8 })
  })

  it('leases no probe', () => {
    expect(leaseProbe(closedBreaker(), 1e9)).toEqual({ breaker: closedBreaker(), leased: false })
  })
})

describe('an open breaker', () => {
  it('lets nothing through', () => {
    expect(allowance(opened())).toBe(0)
  })

  it('leases no probe before its wait is over, then exactly one', () => {
    const breaker = opened(100)
    expect(leaseProbe(breaker, 100 + BREAKER.firstProbeAfterMs - 1).leased).toBe(false)
    const first = leaseProbe(breaker, 100 + BREAKER.firstProbeAfterMs)
    expect(first.leased).toBe(true)
    for (const later of [0, 1, 14_999]) {
      expect(leaseProbe(first.breaker, 1_100 + later).leased).toBe(false)
    }
  })

  it('takes a lost lease back after fifteen seconds', () => {
    const lost = leaseProbe(opened(), 1_000).breaker
    const again = leaseProbe(lost, 16_000)
    expect(again.leased).toBe(true)
    expect(leaseProbe(again.breaker, 16_001).leased).toBe(false)
    // The lost probe may still come back: it began in this same state.
    expect(recordResult(again.breaker, 'success', again.breaker.generation, 16_002).kind).toBe('ramping')
  })

  it('ignores what began before it opened, good or bad', () => {
    const breaker = opened()
    expect(recordResult(breaker, 'success', breaker.generation - 1, 5)).toBe(breaker)
    expect(recordResult(breaker, 'failure', breaker.generation - 1, 5)).toBe(breaker)
  })

  it('ignores what began before its generation was known: it may be a straggler', () => {
    const breaker = opened()
    expect(recordResult(breaker, 'success', null, 5)).toBe(breaker)
    expect(recordResult(breaker, 'failure', null, 5)).toBe(breaker)
    expect(tripped(breaker, null, 5)).toBe(breaker)
  })

  it('doubles its wait with every probe that fails, up to thirty seconds', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 60].map((count) => {
      const { breaker, at } = openedOften(count)
      return dueAt(breaker) - at
    })
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  it('starts to ramp when its probe succeeds', () => {
    const breaker = recordResult(opened(), 'success', 1, 2_000)
    expect(breaker.kind).toBe('ramping')
    expect(allowance(breaker)).toBe(0.01)
  })

  it('takes being tripped again for a failed probe, and being tripped by a straggler for nothing', () => {
    const breaker = opened()
    expect(tripped(breaker, 0, 9_999)).toBe(breaker)
    expect(tripped(breaker, 1, 9_999)).toEqual({
      kind: 'open',
      generation: 2,
      openings: 2,
      nextProbeAt: 11_999,
    })
  })
})

describe('a ramping breaker', () => {
  const ramping = (): Breaker => recordResult(opened(), 'success', 1, 2_000)

  it('grows back over 1, 5, 25 and 100 %, a step for each three clean seconds', () => {
    let breaker = ramping()
    const shares = [allowance(breaker)]
    for (const now of [4_999, 5_000, 7_999, 8_000, 10_999, 11_000]) {
      breaker = recordResult(breaker, 'success', breaker.generation, now)
      shares.push(allowance(breaker))
    }
    expect(shares).toEqual([0.01, 0.01, 0.05, 0.05, 0.25, 0.25, 1])
    expect(breaker.kind).toBe('closed')
  })

  it.each([0, 1, 2])('opens again on one failure at step %i, and waits longer than before', (step) => {
    let breaker = ramping()
    for (let taken = 0; taken < step; taken += 1) {
      breaker = recordResult(breaker, 'success', breaker.generation, 5_000 + taken * 3_000)
    }
    const again = recordResult(breaker, 'failure', breaker.generation, 60_000)
    expect(again.kind).toBe('open')
    expect(again.generation).toBe(breaker.generation + 1)
    expect(dueAt(again)).toBe(62_000)
  })

  it('ignores a straggler from before it opened and from while it was open', () => {
    const breaker = ramping()
    expect(recordResult(breaker, 'failure', 0, 9_000)).toBe(breaker)
    expect(recordResult(breaker, 'failure', 1, 9_000)).toBe(breaker)
    expect(recordResult(breaker, 'failure', null, 9_000)).toBe(breaker)
    expect(recordResult(breaker, 'success', null, 9_000)).toBe(breaker)
    expect(tripped(breaker, null, 9_000)).toBe(breaker)
  })

  it('asks by probe where no traffic comes to climb by', () => {
    const breaker = ramping()
    expect(leaseProbe(breaker, 4_999).leased).toBe(false)
    const lease = leaseProbe(breaker, 5_000)
    expect(lease.leased).toBe(true)
    expect(leaseProbe(lease.breaker, 5_001).leased).toBe(false)
    expect(allowance(recordResult(lease.breaker, 'success', lease.breaker.generation, 5_002))).toBe(0.05)
  })

  it('forgets how often it opened once it is closed', () => {
    let breaker = openedOften(6).breaker
    let now = 1e6
    for (let success = 0; success < 5; success += 1) {
      breaker = recordResult(breaker, 'success', breaker.generation, now)
      now += 3_000
    }
    expect(breaker.kind).toBe('closed')
    const reopened = feed(breaker, times(5, 'failure'), now)
    expect(dueAt(reopened)).toBe(now + 1_000)
  })
})

describe('any breaker, whatever has happened to it', () => {
  type Step =
    | { readonly kind: Result; readonly age: number | null }
    | { readonly kind: 'lease' }
    | { readonly kind: 'trip' }
    | { readonly kind: 'wait'; readonly ms: number }

  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      kind: fc.constantFrom<Result>('success', 'failure'),
      age: fc.constantFrom(0, 0, 0, 1, 2, null),
    }),
    fc.record({ kind: fc.constantFrom('lease', 'lease', 'trip') }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 500, 3_000, 15_000, 40_000) }),
  )
  const history = fc.array(step, { maxLength: 120, size: 'max' })

  function live(
    steps: readonly Step[],
    look: (before: Breaker, after: Breaker, step: Step, now: number) => void,
  ): { breaker: Breaker; now: number } {
    let breaker: Breaker = closedBreaker()
    let now = 0
    for (const one of steps) {
      const before = breaker
      if (one.kind === 'wait') now += one.ms
      else if (one.kind === 'trip') breaker = tripped(breaker, breaker.generation, now)
      else if (one.kind === 'lease') ({ breaker } = leaseProbe(breaker, now))
      else
        breaker = recordResult(breaker, one.kind, one.age === null ? null : breaker.generation - one.age, now)
      look(before, breaker, one, now)
    }
    return { breaker, now }
  }

  it('allows between nothing and everything', () => {
    fc.assert(
      fc.property(history, (steps) => {
        live(steps, (_, after) => expect([0, 0.01, 0.05, 0.25, 1]).toContain(allowance(after)))
      }),
    )
  })

  it('counts a new generation with each change of kind, and never goes back', () => {
    fc.assert(
      fc.property(history, (steps) => {
        live(steps, (before, after) => {
          expect(after.generation).toBeGreaterThanOrEqual(before.generation)
          expect(after.kind !== before.kind && after.generation === before.generation).toBe(false)
        })
      }),
    )
  })

  it('has at most one probe out at a time while it is open', () => {
    fc.assert(
      fc.property(history, (steps) => {
        let leasedAt = -Infinity
        let generation = -1
        live(steps, (before, after, one, now) => {
          // While it ramps, users' own successes may bring the next probe forward.
          if (one.kind !== 'lease' || after === before || after.kind !== 'open') return
          expect(generation === after.generation && now < leasedAt + BREAKER.probeLeaseMs).toBe(false)
          leasedAt = now
          generation = after.generation
        })
      }),
    )
  })

  it('recovers when the provider does: within two minutes of good probes alone it is closed', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const { breaker: sick, now } = live(steps, () => undefined)
        let breaker = sick
        for (let ms = 0; ms < 120_000 && breaker.kind !== 'closed'; ms += 250) {
          const lease = leaseProbe(breaker, now + ms)
          breaker = lease.leased
            ? recordResult(lease.breaker, 'success', lease.breaker.generation, now + ms)
            : lease.breaker
        }
        expect(breaker.kind).toBe('closed')
      }),
      { numRuns: 200 },
    )
  })

  it('survives storage: it is plain JSON', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const { breaker } = live(steps, () => undefined)
        expect(JSON.parse(JSON.stringify(breaker))).toEqual(breaker)
      }),
      { numRuns: 50 },
    )
  })
})
