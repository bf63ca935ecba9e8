import { NO_DIRECTIVES, type ServerDirectives } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { HealthView } from '../health/health-view.ts'
import type { HeldDirectives } from './directive-view.ts'
import { Warmth } from './warmth.ts'

const versioned = (version: number): ServerDirectives => ({
  ...NO_DIRECTIVES,
  epoch: 1,
  version,
  maxAgeMs: 600_000,
})
const held = (version: number, ageMs = 0): HeldDirectives => ({ directives: versioned(version), ageMs })
const NOTHING: HeldDirectives = { directives: NO_DIRECTIVES, ageMs: Infinity }
const silence = <T>(): Promise<T> => new Promise(() => undefined)

function isolate() {
  const health = new HealthView()
  const warmth = new Warmth()
  const rig = {
    now: 0,
    /** How often ProviderHealth and KV were asked. */
    asked: { live: 0, cold: 0 },
    live: (): Promise<HeldDirectives> => Promise.resolve(held(1)),
    cold: (): Promise<HeldDirectives | null> => Promise.resolve(null),
    /** Ends the waiting of whoever has lost patience; null while nobody waits. */
    loseOut: null as (() => void) | null,
    health,
    get version() {
      return health.directives.version.version
    },
    request: (): Promise<void> =>
      warmth.keep(
        health,
        {
          heldDirectives() {
            rig.asked.live += 1
            return rig.live()
          },
          coldDirectives() {
            rig.asked.cold += 1
            return rig.cold()
          },
          waitUntil: () => undefined,
        },
        () => new Promise((resolve) => (rig.loseOut = resolve)),
        () => rig.now,
      ),
  }
  return rig
}

describe('the warmth of an isolate', () => {
  it('asks before the first request, and not again while its word is fresh', async () => {
    const rig = isolate()
    await rig.request()
    expect(rig.version).toBe(1)
    for (rig.now = 1; rig.now < 5_000; rig.now += 500) await rig.request()
    expect(rig.asked.live).toBe(1)
  })

  it('asks again where it has had nothing to do, before it routes the next request', async () => {
    const rig = isolate()
    await rig.request()
    rig.now = 90_000
    rig.live = () => Promise.resolve(held(2))
    await rig.request()
    expect(rig.version).toBe(2)
  })

  it('asks nobody while reports are answered', async () => {
    const rig = isolate()
    for (rig.now = 0; rig.now < 20_000; rig.now += 4_000) {
      rig.health.hear(held(1, rig.now), rig.now)
      await rig.request()
    }
    expect(rig.asked).toEqual({ live: 0, cold: 0 })
  })

  it('takes what KV holds where nothing was ever heard and ProviderHealth does not answer', async () => {
    for (const live of [() => Promise.reject(new Error('out')), () => Promise.resolve(NOTHING)]) {
      const rig = isolate()
      rig.live = live
      rig.cold = () => Promise.resolve(held(7, 30_000))
      await rig.request()
      expect(rig.version).toBe(7)
    }
    const silent = isolate()
    silent.live = silence
    silent.cold = () => Promise.resolve(held(7, 30_000))
    const request = silent.request()
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
    silent.loseOut?.()
    await request
    expect(silent.version).toBe(7)
  })

  it('leaves KV alone once anything was heard', async () => {
    const rig = isolate()
    await rig.request()
    rig.now = 90_000
    rig.live = () => Promise.reject(new Error('out'))
    await rig.request()
    expect(rig.asked).toEqual({ live: 2, cold: 1 })
    expect(rig.version).toBe(1)
  })

  it('keeps no request waiting beyond its patience, none beside it at all, and asks once a second', async () => {
    const rig = isolate()
    let answer: (held: HeldDirectives) => void = () => undefined
    rig.live = () => new Promise((resolve) => (answer = resolve))
    const first = rig.request()
    await rig.request()
    rig.now = 999
    await rig.request()
    expect(rig.asked.live).toBe(1)
    rig.loseOut?.()
    await first
    answer(held(3))
    await Promise.resolve()
    await Promise.resolve()
    // Late for the one that asked, in time for the next.
    expect(rig.version).toBe(3)
    rig.now = 6_000
    rig.live = silence
    void rig.request()
    rig.now = 7_000
    void rig.request()
    expect(rig.asked.live).toBe(3)
  })
})
