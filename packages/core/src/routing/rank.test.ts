import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NEWCOMER, type ShareSnapshot } from './health.ts'
import { healthyP95, rank, rankWithin, shareFor } from './rank.ts'

interface Named {
  readonly id: string
}
const candidates = (first: string, ...others: readonly string[]): [Named, ...Named[]] => [
  { id: first },
  ...others.map((id) => ({ id })),
]
/** @param brownedOut the ids of those in a brown-out */
const snapshot = (
  shares: Readonly<Record<string, number>>,
  ...brownedOut: readonly string[]
): ShareSnapshot => ({
  version: 1,
  shares: Object.fromEntries(
    Object.entries(shares).map(([id, share]) => [
      id,
      { ...NEWCOMER, share, brownOut: brownedOut.includes(id) },
    ]),
  ),
})
const idsOf = (order: readonly { readonly id: string }[]): string[] => order.map(({ id }) => id)

/** Mulberry32: small, seeded, even enough to count by. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

describe('rank by share', () => {
  const shares = { a: 1, b: 0.5, c: 0.01, d: 0 }

  it('sends traffic where the shares say', () => {
    const random = seeded(7)
    const draws = 40_000
    const firsts = new Map<string, number>()
    for (let draw = 0; draw < draws; draw += 1) {
      const [first] = rank(candidates('c', 'b', 'a', 'd'), snapshot(shares), 'share', random).order
      firsts.set(first.id, (firsts.get(first.id) ?? 0) + 1)
    }
    for (const [id, share] of Object.entries(shares)) {
      const expected = share / 1.51
      // Five standard deviations: with this seed it holds or it doesn't, and a wrong weight is far outside.
      const deviation = Math.sqrt((expected * (1 - expected)) / draws)
      expect(Math.abs((firsts.get(id) ?? 0) / draws - expected)).toBeLessThanOrEqual(5 * deviation)
    }
  })

  it('fails over where the shares of the rest say', () => {
    const random = seeded(11)
    let bSecond = 0
    let aFirst = 0
    for (let draw = 0; draw < 20_000; draw += 1) {
      const [first, second] = idsOf(
        rank(candidates('a', 'b', 'c'), snapshot({ a: 1, b: 0.9, c: 0.3 }), 'share', random).order,
      )
      if (first !== 'a') continue
      aFirst += 1
      if (second === 'b') bSecond += 1
    }
    expect(bSecond / aFirst).toBeCloseTo(0.75, 1)
  })

  it('orders each permitted candidate once, and no other', () => {
    const ids = fc.uniqueArray(fc.constantFrom('b', 'c', 'd', 'e'))
    const share = fc.oneof(fc.constant(0), fc.double({ min: 0.0001, max: 1, noNaN: true }))
    fc.assert(
      fc.property(ids, fc.array(share, { minLength: 5, maxLength: 5 }), fc.nat(), (others, drawn, seed) => {
        const known = ['a', ...others] as const
        const given = Object.fromEntries(known.map((id, index) => [id, drawn[index] ?? 0]))
        const { order, permitted } = rank(candidates(...known), snapshot(given), 'share', seeded(seed))
        const open = known.filter((id) => (given[id] ?? 0) > 0)
        expect(permitted).toBe(open.length > 0)
        const heldOut = known.filter((id) => id === order[0].id)
        expect(idsOf(order).sort()).toEqual(permitted ? open.sort() : heldOut)
      }),
    )
  })

  it('takes the ends of the random range', () => {
    for (const random of [() => 0, () => 1 - Number.EPSILON / 2]) {
      expect(rank(candidates('a', 'b'), snapshot({ a: 1, b: 0.01 }), 'share', random).order).toHaveLength(2)
    }
  })
})

describe('rank in strict order', () => {
  it('follows the configuration while all is well, and strikes out what health forbids', () => {
    const shares = snapshot({ a: 0, b: 1, c: 1 })
    expect(rank(candidates('a', 'c', 'b'), shares, 'strict', seeded(1))).toEqual({
      order: candidates('c', 'b'),
      permitted: true,
      trickle: false,
    })
  })

  it('gives a candidate its place as often as its share says, and the next one otherwise', () => {
    const random = seeded(3)
    const draws = 20_000
    let led = 0
    for (let draw = 0; draw < draws; draw += 1) {
      const order = idsOf(
        rank(candidates('a', 'b', 'c'), snapshot({ a: 0.25, b: 1, c: 1 }), 'strict', random).order,
      )
      expect(['a b c', 'b c a']).toContain(order.join(' '))
      if (order[0] === 'a') led += 1
    }
    expect(Math.abs(led / draws - 0.25)).toBeLessThan(5 * Math.sqrt((0.25 * 0.75) / draws))
  })

  it('gives one that grows back little more than its share, although the one that stands in for it is tired', () => {
    const random = seeded(5)
    const draws = 20_000
    const led = Array.from({ length: draws }, () =>
      rank(candidates('a', 'b'), snapshot({ a: 0.01, b: 0.5 }), 'strict', random),
    ).filter(({ order: [first] }) => first.id === 'a').length
    expect(led / draws).toBeLessThan(0.03)
  })
})

describe('rank when nothing is permitted', () => {
  it.each(['share', 'strict'] as const)('holds exactly one candidate out (%s)', (order) => {
    const all = rank(candidates('a', 'b'), snapshot({ a: 0, b: 0 }), order, () => 0.2)
    expect(all).toEqual({ order: candidates('a'), permitted: false, trickle: false })
  })
})

describe('the candidate that is held out', () => {
  const drawn = (random: number, ...ids: [string, ...string[]]): string => {
    const dead = snapshot(Object.fromEntries(ids.map((id) => [id, 0])))
    return rank(candidates(...ids), dead, 'strict', () => random).order[0].id
  }

  it('is drawn, so that one that has recovered is found among those that have not', () => {
    expect([0, 0.33, 0.34, 0.66, 0.67].map((random) => drawn(random, 'a', 'b', 'c'))).toEqual([
      'a',
      'a',
      'b',
      'b',
      'c',
    ])
  })

  it('is one of them at the ends of the random range, too', () => {
    const most = 1 - Number.EPSILON / 2
    expect([drawn(0, 'a', 'b'), drawn(most, 'a', 'b')]).toEqual(['a', 'b'])
    expect([drawn(0, 'a'), drawn(most, 'a')]).toEqual(['a', 'a'])
  })
})

const WHOLE = {
  share: 1,
  generation: 0,
  healthyP95Ms: [null, null, null, null],
  brownOut: false,
}

describe('shareFor', () => {
  it('starts a candidate that health has not heard of whole', () => {
    expect(shareFor(snapshot({}), 'new')).toEqual(WHOLE)
  })

  it('takes no name for a share that JavaScript objects have by themselves', () => {
    expect(shareFor(snapshot({}), 'constructor')).toEqual(WHOLE)
    expect(shareFor(snapshot({}), 'toString')).toEqual(WHOLE)
  })
})

describe('rank within caps', () => {
  const caps = (caps: Readonly<Record<string, number>>): Record<string, { cap: number }> =>
    Object.fromEntries(Object.entries(caps).map(([id, cap]) => [id, { cap }]))
  const share = fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 0.0001, max: 1, noNaN: true }))
  const anyOrder = fc.constantFrom('share', 'strict')
  const ids = ['a', 'b', 'c'] as const
  const byId = fc.record({ a: share, b: share, c: share })

  it('is the same as without where no cap is set', () => {
    fc.assert(
      fc.property(byId, anyOrder, fc.nat(), (shares, order, seed) => {
        const given = [candidates(...ids), snapshot(shares)] as const
        expect(rankWithin(...given, {}, order, seeded(seed))).toEqual(rank(...given, order, seeded(seed)))
      }),
    )
  })

  it('asks those that are capped at 0 after all others that health permits, and leaves nobody out', () => {
    fc.assert(
      fc.property(byId, byId, anyOrder, fc.nat(), (shares, capped, order, seed) => {
        const ranked = rankWithin(candidates(...ids), snapshot(shares), caps(capped), order, seeded(seed))
        const open = ids.filter((id) => shares[id] > 0)
        const asked = idsOf(ranked.order)
        expect(ranked.permitted).toBe(open.length > 0)
        expect(asked.toSorted()).toEqual(ranked.permitted ? open : asked)
        expect(asked).toHaveLength(Math.max(1, open.length))
        const resting = asked.map((id) => capped[id as 'a'] === 0)
        expect(resting).toEqual(resting.toSorted((a, b) => Number(a) - Number(b)))
      }),
    )
  })

  it.each(['share', 'strict'] as const)(
    'lets a capped one lead no more than its cap of what it would lead without (%s)',
    (order) => {
      // Of two that share, each leads half.
      const usual = order === 'share' ? 0.5 : 1
      const random = seeded(5)
      const draws = 40_000
      let led = 0
      for (let draw = 0; draw < draws; draw += 1) {
        const { order: asked } = rankWithin(
          candidates('a', 'b'),
          snapshot({ a: 1, b: 1 }),
          caps({ a: 0.05 }),
          order,
          random,
        )
        if (asked[0].id === 'a') led += 1
      }
      expect(led / draws / usual).toBeLessThanOrEqual(0.05 + 10 * Math.sqrt((0.05 * 0.95) / draws))
      expect(led / draws / usual).toBeGreaterThan(0.04)
    },
  )

  it('never gives more than health does', () => {
    const random = seeded(9)
    const led = Array.from({ length: 20_000 }, () =>
      rankWithin(candidates('a', 'b'), snapshot({ a: 0.01, b: 1 }), caps({ a: 0.5 }), 'strict', random),
    ).filter(({ order: [first] }) => first.id === 'a').length
    expect(led / 20_000).toBeLessThan(0.015)
  })

  it('asks one that rests when health permits none of the others', () => {
    const ranked = rankWithin(
      candidates('a', 'b'),
      snapshot({ a: 1, b: 0 }),
      caps({ a: 0 }),
      'strict',
      seeded(1),
    )
    expect(ranked).toEqual({ order: candidates('a'), permitted: true, trickle: false })
  })

  it('holds one out that may lead when health permits none at all', () => {
    const ranked = rankWithin(
      candidates('a', 'b'),
      snapshot({ a: 0, b: 0 }),
      caps({ a: 0 }),
      'strict',
      () => 0,
    )
    expect(ranked).toEqual({ order: candidates('b'), permitted: false, trickle: false })
  })

  it('takes no name for a cap that JavaScript objects have by themselves', () => {
    const { order } = rankWithin(candidates('constructor', 'b'), snapshot({}), {}, 'strict', seeded(1))
    expect(order).toEqual(candidates('constructor', 'b'))
  })

  it('holds a cap on a strict route where the one that takes over is not whole', () => {
    const random = seeded(11)
    const led = Array.from({ length: 20_000 }, () =>
      rankWithin(candidates('a', 'b'), snapshot({ a: 1, b: 0.2 }), caps({ a: 0.01 }), 'strict', random),
    ).filter(({ order: [first] }) => first.id === 'a').length
    expect(led / 20_000).toBeLessThan(0.015)
  })
})

describe('a candidate in a brown-out', () => {
  const orders = ['share', 'strict'] as const
  const DRAWS = 40_000
  const ledBy = (
    id: string,
    given: ShareSnapshot,
    order: 'share' | 'strict',
    caps: Readonly<Record<string, { cap: number }>> = {},
    avoidBrownOut = false,
  ): number => {
    const random = seeded(17)
    const led = Array.from({ length: DRAWS }, () =>
      rankWithin(candidates('a', 'b', 'c'), given, caps, order, random, { avoidBrownOut }),
    ).filter(({ order: [first] }) => first.id === id)
    return led.length / DRAWS
  }
  /** One per cent, and five standard deviations. */
  const ONE_PERCENT = 0.01 + 5 * Math.sqrt((0.01 * 0.99) / DRAWS)

  it.each(orders)(
    'leads one request in a hundred at most, however little the others have left (%s)',
    (order) => {
      for (const rest of [1, 0.3, 0.02]) {
        const led = ledBy('a', snapshot({ a: 0.01, b: rest, c: rest }, 'a'), order)
        expect(led).toBeGreaterThan(0.005)
        expect(led).toBeLessThanOrEqual(ONE_PERCENT)
      }
    },
  )

  it('gets no traffic on a strict route that it would not have while it is well', () => {
    expect(ledBy('b', snapshot({ a: 1, b: 0.01, c: 1 }, 'b'), 'strict')).toBe(0)
  })

  it.each(orders)('leads no request that must not be risked, and is the last resort for it (%s)', (order) => {
    const given = snapshot({ a: 0.01, b: 0.05, c: 0.2 }, 'a', 'b')
    expect(ledBy('c', given, order, {}, true)).toBe(1)
    const { order: asked } = rank(candidates('a', 'b', 'c'), given, order, seeded(1), { avoidBrownOut: true })
    expect(asked).toHaveLength(3)
  })

  it.each(orders)('leads requests that must not be risked where there is nobody else (%s)', (order) => {
    const given = snapshot({ a: 0.01, b: 0, c: 0 }, 'a')
    expect(ledBy('a', given, order, {}, true)).toBe(1)
  })

  it('shares with the others where all of them are in one', () => {
    const led = ledBy('a', snapshot({ a: 0.01, b: 0.01, c: 0.01 }, 'a', 'b', 'c'), 'share')
    expect(Math.abs(led - 1 / 3)).toBeLessThan(0.02)
  })

  it('keeps its place among those that are all in one, on a strict route', () => {
    expect(ledBy('a', snapshot({ a: 0.01, b: 0.01, c: 0.01 }, 'a', 'b', 'c'), 'strict')).toBeGreaterThan(0.97)
  })

  it('is marked where it leads, so that another attempt starts with it', () => {
    const share = fc.constantFrom(0, 0.01, 0.2, 1)
    const shares = fc.record({ a: share, b: share, c: share })
    const capped = fc.record({
      a: fc.constantFrom(0, 0.5, 1),
      b: fc.constantFrom(0, 0.5, 1),
      c: fc.constantFrom(0, 0.5, 1),
    })
    const slow = fc.subarray(['a', 'b', 'c'] as const)
    fc.assert(
      fc.property(
        shares,
        capped,
        slow,
        fc.constantFrom(...orders),
        fc.nat(),
        (given, caps, ill, order, seed) => {
          const byId = Object.fromEntries(Object.entries(caps).map(([id, cap]) => [id, { cap }]))
          const ranked = rankWithin(
            candidates('a', 'b', 'c'),
            snapshot(given, ...ill),
            byId,
            order,
            seeded(seed),
          )
          const isIll = ({ id }: Named): boolean => (ill as readonly string[]).includes(id)
          const partners = ranked.order.filter(
            (one) => !isIll(one) && caps[one.id as 'a'] > 0 && given[one.id as 'a'] > 0,
          )
          expect(ranked.trickle).toBe(ranked.permitted && isIll(ranked.order[0]) && partners.length > 0)
        },
      ),
    )
  })

  it('doubles no attempt where all are in one, or the others are to be spared', () => {
    const all = snapshot({ a: 0.01, b: 0.01 }, 'a', 'b')
    expect(rank(candidates('a', 'b'), all, 'strict', () => 0.5).trickle).toBe(false)
    const one = snapshot({ a: 0.01, b: 1 }, 'a')
    expect(rankWithin(candidates('a', 'b'), one, { b: { cap: 0 } }, 'strict', () => 0.5)).toMatchObject({
      order: candidates('a', 'b'),
      trickle: false,
    })
  })
})

describe('the healthy percentile', () => {
  const known = (...healthyP95Ms: readonly (number | null)[]): ShareSnapshot => ({
    version: 1,
    shares: { a: { ...NEWCOMER, healthyP95Ms } },
  })

  it('is that of the size of prompt, or of the next longer ones where it is not known', () => {
    const given = known(null, 120, null, 900)
    expect([0, 1, 2, 3].map((size) => healthyP95(given, 'a', size as 0))).toEqual([120, 120, 900, 900])
  })

  it('is never that of shorter prompts, which take less long', () => {
    expect(healthyP95(known(120, null, null, null), 'a', 1)).toBeNull()
  })

  it('is not known of a newcomer', () => {
    expect(healthyP95(known(120), 'b', 0)).toBeNull()
  })
})
