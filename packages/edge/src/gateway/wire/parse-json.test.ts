import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isLongInteger, parseJson } from './parse-json.ts'

describe('parsing JSON', () => {
  it('gives what JSON.parse gives, for all that JavaScript can write', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(text)).toEqual({ ok: true, value: JSON.parse(text) as unknown })
      }),
    )
  })

  it('keeps the digits of integers of any length', () => {
    fc.assert(
      fc.property(
        fc.bigInt(),
        fc.constantFrom('[', '[1.5,"12345678901234567890",'),
        fc.nat(16),
        (given, before, shift) => {
          const text = `${' '.repeat(shift)}${before}${given}]`
          const parsed = parseJson(text)
          expect(parsed.ok && JSON.stringify(parsed.value)).toBe(text.trim())
        },
      ),
    )
  })

  it('tells an integer that no number can hold from other values', () => {
    const parsed = parseJson('[12345678901234567891,1,1e30,"12345678901234567891",{}]')
    expect((parsed.ok ? (parsed.value as unknown[]) : []).map((value) => isLongInteger(value))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ])
  })

  it.each(['', '{', '12345678901234567890]', 'undefined'])('says that %j is none', (text) => {
    expect(parseJson(text)).toEqual({ ok: false })
  })
})
