import { describe, expect, it } from 'vitest'
import { classOf } from './turn-class.ts'

const turn = { inputAt: 100, joined: false, readyWhileHidden: false, lastHiddenAt: -1, lastThawedAt: -1 }

describe('classOf', () => {
  it.each([
    ['visible', {}],
    ['visible', { lastHiddenAt: 99, lastThawedAt: 50 }],
    ['was-hidden', { lastHiddenAt: 101 }],
    ['ready-while-hidden', { lastHiddenAt: 150, readyWhileHidden: true }],
    ['frozen', { lastHiddenAt: 150, readyWhileHidden: true, lastThawedAt: 200 }],
    ['joined-mid-stream', { joined: true, lastThawedAt: 200 }],
  ])('is %s for %o', (expected, circumstances) => {
    expect(classOf({ ...turn, ...circumstances })).toBe(expected)
  })
})
