import { expect, it } from 'vitest'
import { slope } from './memory.ts'

it('is the slope of the line through all looks, whatever each of them jumps', () => {
  const looks = [1, 2, 3, 4, 5, 6].map((second) => ({
    atMs: second * 1_000,
    bytes: 100_000 + second * 500 + (second % 2 === 0 ? 40 : -40),
  }))
  expect(slope(looks)).toBeGreaterThan(0.49)
  expect(slope(looks)).toBeLessThan(0.53)
})

it('is nothing where memory stays', () => {
  expect(slope([0, 1, 2].map((atMs) => ({ atMs, bytes: 5 })))).toBe(0)
})
