import { expect, it } from 'vitest'
import { niceRange, niceSplits } from './log-scale.ts'

it('labels 1, 2 and 5 in each decade of the range', () => {
  expect(niceSplits(20, 1_000)).toEqual([20, 50, 100, 200, 500, 1_000])
})

it('grows with the waits and never shrinks below its usual range', () => {
  expect(niceRange([])).toEqual([20, 1_000])
  expect(niceRange([8_000])[1]).toBeGreaterThan(8_000)
})
