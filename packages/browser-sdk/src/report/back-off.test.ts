import { describe, expect, it } from 'vitest'
import { backOffMs } from './back-off.ts'

describe('backOffMs', () => {
  it('doubles its range with every failure, up to five minutes', () => {
    expect([1, 2, 3, 20].map((failures) => backOffMs(failures, 1_000, 1))).toEqual([
      2_000, 4_000, 8_000, 300_000,
    ])
  })

  it('may be anything from nothing on', () => {
    expect(backOffMs(5, 1_000, 0)).toBe(0)
  })
})
