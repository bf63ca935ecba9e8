import { describe, expect, it } from 'vitest'
import { readModelFaults } from './fault-in-model.ts'

describe('faults in a model name', () => {
  it('leave a plain name alone', () => {
    expect(readModelFaults('gpt-5:free')).toEqual({ ok: true, model: 'gpt-5:free', faults: [] })
  })

  it('take arguments by position and by name', () => {
    expect(readModelFaults('mock!cut:5:end!split:3!rate-limit:2:times=1')).toEqual({
      ok: true,
      model: 'mock',
      faults: [
        { kind: 'cut', afterTokens: 5, by: 'end' },
        { kind: 'split', bytes: 3 },
        { kind: 'rate-limit', retryAfterS: 2, times: 1 },
      ],
    })
  })

  it.each([
    ['mock!cutt:5', /no fault "cutt".*Known: .*\bcut\b/],
    ['mock!cut', /afterTokens.*Write cut:afterTokens:by/],
    ['mock!cut:x', /afterTokens/],
    ['mock!reset:1', /argument1/],
    ['mock!', /no fault ""/],
  ])('are explained when wrong: %s', (name, message) => {
    expect(readModelFaults(name)).toEqual({ ok: false, message: expect.stringMatching(message) as unknown })
  })
})
