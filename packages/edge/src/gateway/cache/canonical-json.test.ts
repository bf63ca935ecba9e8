import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson } from '../wire/parse-json.ts'
import { canonicalJson } from './canonical-json.ts'

/** The same value with the keys of every object the other way round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => turned(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, field]) => [name, turned(field)]),
  )
}

// Out of JSON, as bodies are: there is no -0 in it.
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown)

describe('canonical JSON', () => {
  it('is the same for every order of keys', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(turned(value))).toBe(canonicalJson(value))
      }),
    )
  })

  it('loses nothing, so that it differs wherever values differ', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(value)
      }),
    )
  })

  it('tells an integer that no number can hold from an object that looks like one', () => {
    const [long, alike] = ['12345678901234567890', '{"rawJSON":"12345678901234567890"}'].map((text) => {
      const json = parseJson(text)
      if (!json.ok) throw new Error('it is no JSON')
      return canonicalJson(json.value)
    })
    expect(long).toBe('12345678901234567890')
    expect(alike).toBe('{"rawJSON":"12345678901234567890"}')
  })

  it('sorts keys by their code units and leaves lists as they are', () => {
    expect(canonicalJson({ b: [2, 1], a: { d: null, c: 'x' }, B: true })).toBe(
      '{"B":true,"a":{"c":"x","d":null},"b":[2,1]}',
    )
  })
})
