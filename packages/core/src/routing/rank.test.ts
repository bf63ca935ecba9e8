import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ShareSnapshot } from './health.ts'
import { rank, rankWithin, shareFor } from './rank.ts'

interface Named {
  readonly id: string
}
const candidates = (first: string, ...others: readonly string[]): [Named, ...Named[]] => [
  { id: first },
  ...others.map((id) => ({ id })),
]
const snapshot = (shares: Readonly<Record<string, number>>): ShareSnapshot => ({
  version: 1,
  shares: Object.fromEntries(Object.entries(shares).map(([id, share]) => [id, { share, generation: 0 }])),
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
})

describe('rank when nothing is permitted', () => {
  it.each(['share', 'strict'] as const)('holds exactly one candidate out (%s)', (order) => {
    const all = rank(candidates('a', 'b'), snapshot({ a: 0, b: 0 }), order, () => 0.2)
    expect(all).toEqual({ order: candidates('a'), permitted: false })
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

describe('shareFor', () => {
  it('starts a candidate that health has not heard of whole', () => {
    expect(shareFor(snapshot({}), 'new')).toEqual({ share: 1, generation: 0 })
  })

  it('takes no name for a share that JavaScript objects have by themselves', () => {
    expect(shareFor(snapshot({}), 'constructor')).toEqual({ share: 1, generation: 0 })
    expect(shareFor(snapshot({}), 'toString')).toEqual({ share: 1, generation: 0 })
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
    expect(ranked).toEqual({ order: candidates('a'), permitted: true })
  })

  it('holds one out that may lead when health permits none at all', () => {
    const ranked = rankWithin(
      candidates('a', 'b'),
      snapshot({ a: 0, b: 0 }),
      caps({ a: 0 }),
      'strict',
      () => 0,
    )
    expect(ranked).toEqual({ order: candidates('b'), permitted: false })
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
