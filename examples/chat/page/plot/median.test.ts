import { expect, it } from 'vitest'
import { median } from './median.ts'

it('takes the middle, or the mean of the two in the middle', () => {
  expect(median([30, 10, 20])).toBe(20)
  expect(median([40, 10, 20, 30])).toBe(25)
})
