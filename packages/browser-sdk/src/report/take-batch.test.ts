import { describe, expect, it } from 'vitest'
import type { BrowserEvent } from './event.ts'
import { BATCH_BYTES, isReady, takeBatch, type Kept } from './take-batch.ts'

const kept = (id: number, route = 'chat'): Kept => ({
  key: String(id),
  heldUntil: 0,
  event: {
    id: String(id),
    type: 'ai.turn.lost',
    data: { route, reason: 'abandoned', afterMs: 1 },
  } as BrowserEvent,
})
const list = (count: number, route?: string): Kept[] =>
  Array.from({ length: count }, (_, id) => kept(id, route))

describe('takeBatch', () => {
  it('makes a body of the key and the oldest events', () => {
    const { body, items } = takeBatch('pk_"1', list(5), 2)
    expect(JSON.parse(body)).toEqual({ key: 'pk_"1', events: items.map(({ event }) => event) })
    expect(items).toHaveLength(2)
  })

  it.each(['x', 'ü', '日'])(
    'stays within what a page may have in flight, in bytes, for names of %s',
    (letter) => {
      const { body, items } = takeBatch('pk', list(200, letter.repeat(1_000)), 100)
      expect(new TextEncoder().encode(body).byteLength).toBeLessThanOrEqual(BATCH_BYTES)
      expect(items.length).toBeGreaterThan(10)
    },
  )

  it('takes an event that is too large for any request along alone', () => {
    expect(takeBatch('pk', list(2, 'x'.repeat(70_000)), 100).items).toHaveLength(1)
  })
})

describe('isReady', () => {
  it.each([
    [0, true],
    [1_000, true],
    [1_001, false],
    [11_000, false],
    [3_600_000, true],
  ])('an event held until %i is so at 1,000: %s', (heldUntil, ready) => {
    expect(isReady({ ...kept(1), heldUntil }, 1_000)).toBe(ready)
  })
})
