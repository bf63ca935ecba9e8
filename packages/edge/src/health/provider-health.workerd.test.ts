import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { NEWCOMER, type CandidateShare, type Sample } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import type { ProviderHealth } from './provider-health.ts'

const namespace = (env as unknown as { PROVIDER_HEALTH: DurableObjectNamespace<ProviderHealth> })
  .PROVIDER_HEALTH
/** Storage is shared between the tests of a file, so each has an object of its own. */
const fresh = (): DurableObjectStub<ProviderHealth> => namespace.get(namespace.newUniqueId())

const NONE = { epoch: 0, version: 0 }
const failure = (candidate: string, generation = 0): Sample => ({
  kind: 'end',
  candidate,
  result: 'failure',
  generation,
})
/** What a share is like where nothing is known of the candidate's speed. */
const shareLike = (share: number, generation: number): CandidateShare => ({ ...NEWCOMER, share, generation })
const five = (sample: Sample): Sample[] => Array.from({ length: 5 }, () => sample)

describe('ProviderHealth', () => {
  it('answers a first report with whole shares and no probes', async () => {
    const answer = await fresh().report(
      [{ kind: 'end', candidate: 'a', result: 'success', generation: 0 }],
      NONE,
    )
    expect(answer.snapshot.shares).toEqual({ a: shareLike(1, 0) })
    expect(answer.probes).toEqual([])
  })

  it('takes the share of a candidate that fails five times in a row, and of no other', async () => {
    const answer = await fresh().report(
      [...five(failure('a')), { kind: 'end', candidate: 'b', result: 'success', generation: 0 }],
      NONE,
    )
    expect(answer.snapshot.shares).toEqual({ a: shareLike(0, 1), b: shareLike(1, 0) })
  })

  it('raises its version with each change and only then', async () => {
    const health = fresh()
    const first = await health.report([failure('a')], NONE)
    const second = await health.report([failure('a')], NONE)
    const third = await health.report(five(failure('a')), NONE)
    expect(second.snapshot.version).toBe(first.snapshot.version)
    expect(third.snapshot.version).toBeGreaterThan(second.snapshot.version)
  })

  it('counts no stragglers from before the breaker opened', async () => {
    const health = fresh()
    await health.report(five(failure('a')), NONE)
    const answer = await health.report(
      five({ kind: 'end', candidate: 'a', result: 'success', generation: 0 }),
      NONE,
    )
    expect(answer.snapshot.shares['a']).toEqual(shareLike(0, 1))
  })

  it('remembers shares, breakers and its version over a restart', async () => {
    const health = fresh()
    const before = await health.report(five(failure('a')), NONE)
    await evictDurableObject(health)
    const after = await health.report([], NONE)
    expect(after.epoch).toBe(before.epoch)
    expect(after.snapshot).toEqual(before.snapshot)
  })

  it('leases a probe that is due, and one at a time', async () => {
    const health = fresh()
    await health.report(five(failure('a')), NONE)
    // The wait before the first probe is over in the stored state.
    await runInDurableObject(health, (_instance, state) => {
      const stored = state.storage.kv.get<{ breaker: { nextProbeAt: number } }>('candidate:a')
      if (stored === undefined) throw new Error('nothing was stored')
      state.storage.kv.put('candidate:a', { ...stored, breaker: { ...stored.breaker, nextProbeAt: 0 } })
    })
    await evictDurableObject(health)
    expect((await health.report([], NONE)).probes).toEqual([{ candidate: 'a', route: null }])
    expect((await health.report([], NONE)).probes).toEqual([])
  })

  it('starts anew where the stored state is of another shape', async () => {
    const health = fresh()
    await health.report(five(failure('a')), NONE)
    await runInDurableObject(health, (_instance, state) => {
      state.storage.kv.put('candidate:a', { shape: 'of another version' })
    })
    await evictDurableObject(health)
    const answer = await health.report(
      [{ kind: 'end', candidate: 'a', result: 'success', generation: 0 }],
      NONE,
    )
    expect(answer.snapshot.shares['a']).toEqual(shareLike(1, 0))
  })

  it('holds a bounded number of candidates', async () => {
    const samples = Array.from({ length: 1_200 }, (_, index) => failure(`candidate-${index}`))
    const answer = await fresh().report(samples, NONE)
    expect(Object.keys(answer.snapshot.shares)).toHaveLength(1_000)
  })
})

describe('a candidate that turns slow', () => {
  const output = (ms: number, more: object = {}): Sample => ({
    kind: 'first-output',
    candidate: 'a',
    route: 'chat',
    origin: 'gateway',
    beaten: false,
    promptSize: 0,
    ms,
    late: ms > 800,
    directives: 0,
    ...more,
  })
  const times = (count: number, sample: Sample): Sample[] => Array.from({ length: count }, () => sample)

  it('is told apart from its healthy self, which every isolate hears of', async () => {
    const health = fresh()
    const well = await health.report(times(200, output(60)), NONE)
    expect(well.snapshot.shares['a']).toEqual({
      share: 1,
      generation: 0,
      healthyP95Ms: [68, null, null, null],
      brownOut: false,
    })
    const slow = await health.report(times(10, output(600)), NONE)
    expect(slow.snapshot.shares['a']).toMatchObject({
      share: 0.01,
      brownOut: true,
      healthyP95Ms: [68, null, null, null],
    })
    expect(slow.snapshot.version).toBeGreaterThan(well.snapshot.version)
  })

  it('stays in its brown-out, and known as it was, over a restart', async () => {
    const health = fresh()
    await health.report(times(200, output(60)), NONE)
    const before = await health.report(times(10, output(600)), NONE)
    await evictDurableObject(health)
    expect((await health.report([], NONE)).snapshot).toEqual(before.snapshot)
  })

  it('is asked small questions, and comes back when they are answered as on a good day', async () => {
    const health = fresh()
    await health.report(times(200, output(60)), NONE)
    await health.report(times(10, output(600)), NONE)
    expect((await health.report([], NONE)).probes).toEqual([])
    // The waits are over in the stored state.
    await runInDurableObject(health, (_instance, state) => {
      const stored = state.storage.kv.get<{ brownOut: object }>('candidate:a')
      if (stored === undefined) throw new Error('nothing was stored')
      const brownOut = { ...stored.brownOut, nextProbeAt: 0, enteredAt: 0 }
      state.storage.kv.put('candidate:a', { ...stored, brownOut })
    })
    await evictDurableObject(health)
    expect((await health.report([], NONE)).probes).toEqual([{ candidate: 'a', route: null }])
    const { snapshot, probes } = await health.report(times(5, output(60, { origin: 'probe' })), NONE)
    expect(snapshot.shares['a']).toMatchObject({ share: 0.05, brownOut: false })
    expect(probes).toEqual([])
  })

  it('is written down when something changes for others, and what it learns at most once a minute', async () => {
    const health = fresh()
    const kept: unknown[] = []
    for (let round = 0; round < 50; round += 1) {
      await health.report(times(20, output(60)), NONE)
      const learnt = await runInDurableObject(health, (_instance, state) => {
        return state.storage.kv.get<{ latency: { sizes: { learnt: number }[] } }>('candidate:a')
      })
      kept.push(learnt?.latency.sizes[0]?.learnt)
    }
    // Once at its first sample, and once when its percentile was first known.
    expect(kept).toEqual(Array.from({ length: 50 }, () => 20))
  })
})

describe('what an earlier version has stored', () => {
  it('keeps its breaker and its soft share, and the rest begins anew', async () => {
    const health = fresh()
    await runInDurableObject(health, (_instance, state) => {
      state.storage.kv.put('candidate:a', {
        soft: 0.64,
        window: { samples: 7, late: 1 },
        lateBefore: false,
        breaker: { kind: 'ramping', generation: 4, openings: 1, step: 1, steppedAt: 1, nextProbeAt: 4e12 },
      })
    })
    await evictDurableObject(health)
    expect((await health.report([], NONE)).snapshot.shares['a']).toEqual(shareLike(0.64 * 0.05, 4))
  })

  it('is left where any of it is not what it should be', async () => {
    const health = fresh()
    await health.report(five(failure('a')), NONE)
    await runInDurableObject(health, (_instance, state) => {
      const stored = state.storage.kv.get<object>('candidate:a')
      state.storage.kv.put('candidate:a', { ...stored, latency: { sizes: [], pending: [] } })
    })
    await evictDurableObject(health)
    expect((await health.report([], NONE)).snapshot.shares).toEqual({})
  })

  it.each([['soon'], [Number.NaN], [1e300], [-1], [{}]])(
    'goes on being newer than before where its numbers have become %j',
    async (garbage) => {
      const health = fresh()
      const before = await health.report(five(failure('a')), NONE)
      await runInDurableObject(health, (_instance, { storage }) => {
        storage.kv.put('epoch', garbage)
        storage.kv.put('version', garbage)
      })
      await evictDurableObject(health)
      const after = await health.report(five(failure('b')), NONE)
      expect(after.epoch).toBeGreaterThan(before.epoch)
      const later = await health.report(five(failure('c')), NONE)
      expect(later.epoch).toBe(after.epoch)
      expect(later.snapshot.version).toBeGreaterThan(after.snapshot.version)
    },
  )
})
