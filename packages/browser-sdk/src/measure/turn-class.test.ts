import { describe, expect, it } from 'vitest'
import { classOf } from './turn-class.ts'

const never = { joined: false, readyWhileHidden: false, hiddenAt: -1, thawedAt: -1 }

describe('classOf', () => {
  it.each([
    ['visible', {}],
    ['visible', { hiddenAt: 99, thawedAt: 50 }],
    ['was-hidden', { hiddenAt: 101 }],
    ['ready-while-hidden', { hiddenAt: 150, readyWhileHidden: true }],
    ['frozen', { hiddenAt: 150, readyWhileHidden: true, thawedAt: 200 }],
    ['joined-mid-stream', { joined: true, thawedAt: 200 }],
  ])('is %s for %o', (expected, circumstances) => {
    const { joined, readyWhileHidden, hiddenAt, thawedAt } = { ...never, ...circumstances }
    expect(classOf({ inputAt: 100, joined }, readyWhileHidden, { hiddenAt, thawedAt })).toBe(expected)
  })
})
