import { afterEach, describe, expect, it, vi } from 'vitest'
import { openEventStore, type EventStore } from './event-store.ts'

afterEach(() => void vi.unstubAllGlobals())

const ids = (store: EventStore): string[] => store.ready().map(({ json }) => json)
/** Some time ago. */
const THEN = 1_700_000_000_000

describe('the event store', () => {
  it.each([
    ['on disk', {}],
    ['in memory where the disk is full', Object.freeze({})],
    ['in memory where there is none', undefined],
  ])('keeps events %s until they are removed, oldest first', (_name, disk) => {
    vi.stubGlobal('localStorage', disk)
    const store = openEventStore()
    const second = store.put('b', 'second', THEN + 1)
    store.put('a', 'first', THEN)
    expect(ids(store)).toEqual(['first', 'second'])
    store.remove([second])
    expect(ids(store)).toEqual(['first'])
  })

  it('gives what another page has kept, and nothing of the app', () => {
    vi.stubGlobal('localStorage', { app: 'its own' })
    openEventStore().put('a', 'one', THEN)
    expect(ids(openEventStore())).toEqual(['one'])
  })

  it('gives a held one to nobody before its time', () => {
    vi.stubGlobal('localStorage', {})
    const store = openEventStore()
    store.put('a', 'later', Date.now() + 1_000)
    store.put('b', 'now', Date.now())
    expect(ids(store)).toEqual(['now'])
  })

  it('lets the oldest go where there are too many', () => {
    vi.stubGlobal('localStorage', {})
    const store = openEventStore()
    for (let nth = 1; nth <= 2_003; nth++) store.put(`id${nth}`, String(nth), THEN + nth)
    expect(ids(store)).toHaveLength(2_000)
    expect(ids(store)[0]).toBe('4')
  })
})
