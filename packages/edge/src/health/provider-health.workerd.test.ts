import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { Sample } from '@paceline/core'
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
const five = (sample: Sample): Sample[] => Array.from({ length: 5 }, () => sample)

describe('ProviderHealth', () => {
  it('answers a first report with whole shares and no probes', async () => {
    const answer = await fresh().report(
      [{ kind: 'end', candidate: 'a', result: 'success', generation: 0 }],
      NONE,
    )
    expect(answer.snapshot.shares).toEqual({ a: { share: 1, generation: 0 } })
    expect(answer.probes).toEqual([])
  })

  it('takes the share of a candidate that fails five times in a row, and of no other', async () => {
    const answer = await fresh().report(
      [...five(failure('a')), { kind: 'end', candidate: 'b', result: 'success', generation: 0 }],
      NONE,
    )
    expect(answer.snapshot.shares).toEqual({ a: { share: 0, generation: 1 }, b: { share: 1, generation: 0 } })
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
    expect(answer.snapshot.shares['a']).toEqual({ share: 0, generation: 1 })
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
    expect(answer.snapshot.shares['a']).toEqual({ share: 1, generation: 0 })
  })

  it('holds a bounded number of candidates', async () => {
    const samples = Array.from({ length: 1_200 }, (_, index) => failure(`candidate-${index}`))
    const answer = await fresh().report(samples, NONE)
    expect(Object.keys(answer.snapshot.shares)).toHaveLength(1_000)
  })
})
