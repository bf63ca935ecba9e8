import { describe, expect, it } from 'vitest'
import { createRandom } from './random.ts'
import { synthesizeJson, type JsonSchema } from './synthesize-json.ts'

const make = (schema: JsonSchema, seed = 1): unknown => synthesizeJson(schema, createRandom(seed))

describe('synthesizeJson', () => {
  it('fills in every required property, nested ones too', () => {
    const value = make({
      type: 'object',
      properties: {
        name: { type: 'string', minLength: 12 },
        unit: { enum: ['km', 'mi'] },
        kind: { const: 'ride' },
        when: { type: 'string', format: 'date' },
        riders: {
          type: 'array',
          items: { type: 'integer', minimum: 3, maximum: 5 },
          minItems: 2,
          maxItems: 2,
        },
        place: { $ref: '#/$defs/place' },
        hilly: { type: ['boolean', 'null'] },
        note: { anyOf: [{ type: 'null' }] },
        both: {
          allOf: [
            { properties: { a: { const: 1 } }, required: ['a'] },
            { required: ['b'], properties: { b: { const: 2 } } },
          ],
        },
      },
      required: ['name', 'unit', 'kind', 'when', 'riders', 'place', 'hilly', 'note', 'both'],
      $defs: { place: { type: 'OBJECT', properties: { lat: { type: 'number' } }, required: ['lat'] } },
    })
    expect(value).toMatchObject({
      name: expect.stringMatching(/^.{12,}$/) as unknown,
      unit: expect.stringMatching(/^(km|mi)$/) as unknown,
      kind: 'ride',
      when: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) as unknown,
      place: { lat: expect.any(Number) as unknown },
      hilly: expect.any(Boolean) as unknown,
      note: null,
      both: { a: 1, b: 2 },
    })
    expect(value).toHaveProperty('riders.length', 2)
  })

  it('stays inside the range of a number', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const value = make({ type: 'integer', minimum: 3, maximum: 5 }, seed)
      expect([3, 4, 5]).toContain(value)
    }
  })

  it('ends for a schema that contains itself', () => {
    const endless = { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] }
    expect(JSON.stringify(make(endless)).length).toBeLessThan(1000)
    expect(make({ $ref: '#' })).toEqual(expect.any(String))
  })
})
