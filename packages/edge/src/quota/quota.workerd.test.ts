import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Quota } from './quota.ts'

const namespace = (env as unknown as { QUOTA: DurableObjectNamespace<Quota> }).QUOTA
/** Storage is shared between the tests of a file, so each has an object of its own. */
const fresh = (): DurableObjectStub<Quota> => namespace.get(namespace.newUniqueId())

const DAY_MS = 86_400_000
const START = Date.UTC(2100, 0, 1)
const TODAY = START / DAY_MS

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: START }))
afterEach(() => void vi.useRealTimers())

it('gives out its day and no more, to whoever asks', async () => {
  const quota = fresh()
  let granted = 0
  for (let isolate = 0; isolate < 100; isolate += 1)
    granted += (await quota.lease({ want: 8, owed: 0, perDay: 50 })).granted
  expect(granted).toBe(50)
  expect(await quota.lease({ want: 8, owed: 0, perDay: 50 })).toEqual({ day: TODAY, granted: 0 })
})

it('counts what was spent without a lease', async () => {
  const quota = fresh()
  expect(await quota.lease({ want: 8, owed: 49, perDay: 50 })).toEqual({ day: TODAY, granted: 1 })
  expect(await quota.lease({ want: 8, owed: 5, perDay: 50 })).toEqual({ day: TODAY, granted: 0 })
})

it('begins anew at midnight', async () => {
  const quota = fresh()
  await quota.lease({ want: 8, owed: 50, perDay: 50 })
  vi.setSystemTime(START + DAY_MS)
  expect(await quota.lease({ want: 8, owed: 0, perDay: 50 })).toEqual({ day: TODAY + 1, granted: 3 })
})

it('forgets nothing with its memory', async () => {
  const quota = fresh()
  await quota.lease({ want: 8, owed: 50, perDay: 50 })
  await evictDurableObject(quota)
  expect(await quota.lease({ want: 8, owed: 0, perDay: 50 })).toEqual({ day: TODAY, granted: 0 })
})

it('begins anew where what is stored is of another shape', async () => {
  const quota = fresh()
  await runInDurableObject(quota, (_instance, state) => state.storage.kv.put('ledger', { given: 'all' }))
  expect(await quota.lease({ want: 2, owed: 0, perDay: 50 })).toEqual({ day: TODAY, granted: 2 })
})
