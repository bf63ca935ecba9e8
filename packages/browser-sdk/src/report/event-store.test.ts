import { afterEach, describe, expect, it, vi } from 'vitest'
import { openEventStore, type EventStore } from './event-store.ts'

// A real database is what test/browser/sdk has. Here there is none, as in browsers that forbid it.
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})
const kept = async (store: EventStore): Promise<string[]> => (await store.ready()).map(([, json]) => json)
/** Some time ago. */
const THEN = 1_700_000_000_000

describe('the event store without a database', () => {
  it('keeps events until they are removed, oldest first', async () => {
    const store = openEventStore()
    store.put('a', 'first', THEN)
    const second = store.put('b', 'second', THEN + 1)
    expect(await kept(store)).toEqual(['first', 'second'])
    store.remove([second])
    expect(await kept(store)).toEqual(['first'])
    expect(store.own()).toEqual([[`${THEN} a`, 'first']])
  })

  it('gives a held one to nobody before its time', async () => {
    const store = openEventStore()
    store.put('a', 'later', Date.now() + 60_000)
    store.put('b', 'now', Date.now())
    expect(await kept(store)).toEqual(['now'])
    expect(store.own().map(([, json]) => json)).toEqual(['now'])
  })

  it('lets the oldest go where there are too many', async () => {
    const store = openEventStore()
    for (let nth = 1; nth <= 5_003; nth += 1) store.put(`id${nth}`, String(nth), THEN + nth)
    const left = await kept(store)
    expect(left).toHaveLength(5_000)
    expect(left[0]).toBe('4')
  })

  it('hands what it could not write to the next page, from every page that was left', async () => {
    vi.stubGlobal('localStorage', {})
    const [first, second] = [openEventStore(), openEventStore()]
    first.put('a', 'first', THEN)
    first.rescue()
    second.put('b', 'second', THEN + 1)
    second.rescue()
    expect(await kept(openEventStore())).toEqual(['first', 'second'])
    expect(await kept(openEventStore())).toEqual([])
  })
})
