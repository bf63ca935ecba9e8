import { createStore, promisifyRequest, type UseStore } from 'idb-keyval'
import { isolated } from '../isolated.ts'
import type { Kept } from './take-batch.ts'

/** Events on disk where the browser lets us, in memory where it does not. */
export interface EventStore {
  /** Begins at once and does not wait: it works while the page is being left. */
  put(kept: Kept): void
  /** The oldest ones, of this page and of earlier ones. */
  oldest(): Promise<Kept[]>
  remove(kept: readonly Kept[]): void
  /** What this page has put and nobody has removed yet, oldest first; synchronous, for a page that is being left. */
  own(): Kept[]
  /** Puts what the disk has not confirmed where it can be written at once: the page is about to go. */
  rescue(): void
}

/** For what was recorded before the database was open: writing here needs no connection and no waiting. */
const RESCUE = 'paceline-unsaved'

interface Entry {
  readonly kept: Kept
  isSaved: boolean
}

const READ_AT_ONCE = 250
/** Beyond this the oldest go: a report is worth less than a disk. */
const LIMIT = 5_000
const SLOW_MS = 2_000

export function openEventStore(): EventStore {
  const own = new Map<string, Entry>()
  let disk: UseStore | undefined
  let saved = 0
  let isStuck = false
  /** Done with, even if the disk can't forget them. */
  const gone = new Set<string>()

  /** Private windows and damaged profiles reject, throw, or never answer. */
  const onDisk = async <T>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => T | Promise<T>,
  ): Promise<T> => {
    if (isStuck) throw new Error('The disk does not answer.')
    disk ??= createStore('paceline', 'events')
    let timer: ReturnType<typeof setTimeout> | undefined
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        isStuck = true
        reject(new Error('The disk does not answer.'))
      }, SLOW_MS)
    })
    return await Promise.race([disk(mode, work), tooLong]).finally(() => clearTimeout(timer))
  }
  /** The transaction is committed by hand, since a page that is being left runs no more of our code. */
  const change = async (work: (store: IDBObjectStore) => void): Promise<void> =>
    await onDisk('readwrite', (store) => {
      const done = promisifyRequest(store.transaction)
      work(store)
      store.transaction.commit()
      return done
    })
  const trim = async (): Promise<void> => {
    const keys = await onDisk('readonly', async (store) => {
      const excess = (await promisifyRequest(store.count())) - LIMIT
      return excess > 0 ? await promisifyRequest(store.getAllKeys(null, excess)) : []
    })
    if (keys.length > 0) await change((store) => keys.forEach((key) => store.delete(key)))
  }
  const save = async (entry: Entry): Promise<void> => {
    const { kept } = entry
    await change((store) => store.put(kept, kept.key))
    entry.isSaved = true
    saved += 1
    if (saved % 100 === 0) await trim()
  }
  const forgetOldest = (): void => {
    const [oldest] = own.keys()
    if (own.size > LIMIT && oldest !== undefined) own.delete(oldest)
  }
  // Opened early: a connection that must first be opened comes too late for a page that is being left.
  void trim().catch(ignore)

  const put = (kept: Kept): void => {
    if (gone.has(kept.key)) return
    const entry: Entry = { kept, isSaved: false }
    own.set(kept.key, entry)
    forgetOldest()
    save(entry).catch(ignore)
  }
  const unsaved = (): Kept[] => [...own.values()].filter(({ isSaved }) => !isSaved).map(({ kept }) => kept)
  for (const kept of rescued()) put(kept)
  isolated(() => localStorage.removeItem(RESCUE))()

  return {
    put,
    oldest: async () => {
      const read = await onDisk('readonly', (store) =>
        promisifyRequest<Kept[]>(store.getAll(null, READ_AT_ONCE)),
      ).catch(() => [])
      const known = new Set(read.map(({ key }) => key))
      return [...read, ...unsaved().filter(({ key }) => !known.has(key))].filter(({ key }) => !gone.has(key))
    },
    remove: (removed) => {
      for (const { key } of removed) {
        own.delete(key)
        gone.add(key)
      }
      change((store) => removed.forEach(({ key }) => store.delete(key))).catch(ignore)
    },
    own: () => [...own.values()].map(({ kept }) => kept),
    rescue: isolated(() => {
      const kept = unsaved()
      // Two tabs may close at once.
      if (kept.length > 0) localStorage.setItem(RESCUE, JSON.stringify([...rescued(), ...kept]))
    }),
  }
}

function rescued(): readonly Kept[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(RESCUE) ?? '[]')
    return Array.isArray(kept) ? (kept as Kept[]) : []
  } catch {
    return []
  }
}

const ignore = (): void => undefined
