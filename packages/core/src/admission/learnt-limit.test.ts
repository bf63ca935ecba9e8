import { expect, it } from 'vitest'
import { GRADIENT } from './concurrency-limit.ts'
import { learn, newLimit, type LearntLimit } from './learnt-limit.ts'

const bounds = { initial: 100, min: 20, max: 1_000 }

function after(samples: number, ms: number, inFlight: number, from: LearntLimit): LearntLimit {
  let limit = from
  for (let sample = 0; sample < samples; sample += 1) limit = learn(limit, ms, inFlight, bounds)
  return limit
}

it('moves when a window is full, and not before', () => {
  const almost = after(GRADIENT.samplesPerWindow - 1, 50, 100, newLimit(bounds))
  expect(almost.learnt.limit).toBe(bounds.initial)
  const full = learn(almost, 50, 1, bounds)
  expect(full.learnt).toMatchObject({ longMs: 50, windows: 1 })
  expect(full.learnt.limit).toBeGreaterThan(bounds.initial)
})

it('begins each window with nothing', () => {
  const busy = after(GRADIENT.samplesPerWindow, 50, 100, newLimit(bounds))
  const calm = after(GRADIENT.samplesPerWindow, 50, 10, busy)
  expect(calm.learnt.limit).toBe(busy.learnt.limit)
})

it('bears a clock that stands still', () => {
  const limit = after(10 * GRADIENT.samplesPerWindow, 0, 100, newLimit(bounds))
  expect(limit.learnt.limit).toBeGreaterThan(bounds.initial)
  expect(limit.learnt.limit).toBeLessThanOrEqual(bounds.max)
})
