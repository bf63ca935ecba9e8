import { describe, expect, it } from 'vitest'
import type { Kept } from './event-store.ts'
import { BATCH_BYTES, takeBatch } from './take-batch.ts'

const kept = (id: number, route = 'chat'): Kept => [String(id), JSON.stringify({ id, data: { route } })]
const list = (count: number, route?: string): Kept[] =>
  Array.from({ length: count }, (_, id) => kept(id, route))

describe('takeBatch', () => {
  it('makes a body of the key and the oldest events', () => {
    const { body, keys } = takeBatch('pk_"1', list(5), 2)
    expect(JSON.parse(body)).toEqual({
      key: 'pk_"1',
      events: [
        { id: 0, data: { route: 'chat' } },
        { id: 1, data: { route: 'chat' } },
      ],
    })
    expect(keys).toEqual(['0', '1'])
  })

  it.each(['x', 'ü', '日'])(
    'stays within what a page may have in flight, in bytes, for names of %s',
    (letter) => {
      const { body, keys } = takeBatch('pk', list(200, letter.repeat(1_000)), 100)
      expect(new TextEncoder().encode(body).byteLength).toBeLessThanOrEqual(BATCH_BYTES)
      expect(keys.length).toBeGreaterThan(10)
    },
  )

  it('takes an event that is too large for any request along alone', () => {
    expect(takeBatch('pk', list(2, 'x'.repeat(70_000)), 100).keys).toHaveLength(1)
  })
})
