import { createStore, promisifyRequest } from 'idb-keyval'
import { isolated } from '../isolated.ts'

/** One kept event, as it goes over the wire. */
export type Kept = readonly [key: string, json: string]

/** Events on disk where the browser lets us, in memory where it does not. */
export interface EventStore {
  /**
   * @param readyAt from when on any page may send it, in epoch ms
   * @returns the key to remove it by
   */
  put(id: string, json: string, readyAt: number): string
  /** Those that are ready: of pages before this one, then its own, each oldest first. */
  ready(): Promise<Kept[]>
  /** Those of this page alone, for when there is no time left to ask. */
  own(): Kept[]
  remove(keys: readonly string[]): void
  /** The page is being left: what is not on disk yet goes where that takes no time. Throws where it may not. */
  rescue(): void
}

/** Beyond this the oldest go: a report is worth less than the user's storage. */
const LIMIT = 5_000
/** A database takes a moment to open, and a page may not live that long. */
const RESCUED = 'paceline-events'

export function openEventStore(): EventStore {
  const disk = createStore('paceline', 'events')
  /** What this page has kept and the edge has not yet judged. */
  const memory = new Map<string, string>()

  /** Keys whose state in memory has yet to be written. */
  const changed = new Set<string>()
  let isWriting = false

  /** Where there is no database it rejects, and does not throw. */
  const use = async <T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<T>): Promise<T> =>
    disk(mode, work)
  /**
   * All changes of one moment go into one transaction. Told to commit at once, a warm database finishes it while the page
   * is being left.
   */
  const write = (keys: readonly string[]): void => {
    for (const key of keys) changed.add(key)
    if (isWriting) return
    isWriting = true
    use('readwrite', async (store) => {
      isWriting = false
      for (const key of changed) {
        const json = memory.get(key)
        if (json === undefined) store.delete(key)
        else store.put([key, json], key)
      }
      changed.clear()
      store.transaction.commit()
    }).catch(() => (isWriting = false))
  }
  const takeRescued = (): Kept[] => {
    const text = (localStorage[RESCUED] as string | undefined) ?? '[]'
    delete localStorage[RESCUED]
    return JSON.parse(text) as Kept[]
  }
  const keep = ([key, json]: Kept): string => {
    memory.set(key, json)
    write([key])
    return key
  }
  const remove = (keys: readonly string[]): void => {
    for (const key of keys) memory.delete(key)
    write(keys)
  }
  const inTime = (kept: Iterable<Kept>): Kept[] =>
    [...new Map(kept)].filter(([key]) => parseInt(key) <= Date.now())

  // Opened before it is needed in a hurry.
  write([])
  return {
    put: (id, json, readyAt) => keep([`${readyAt} ${id}`, json]),
    ready: async () => {
      isolated(() => {
        takeRescued().forEach(keep)
      })()
      const stored = await use('readonly', (store) => promisifyRequest<Kept[]>(store.getAll())).catch(
        () => [],
      )
      const kept = inTime([...stored, ...memory])
      remove(kept.splice(0, kept.length - LIMIT).map(([key]) => key))
      return kept
    },
    own: () => inTime(memory),
    remove,
    rescue: () => {
      if (changed.size > 0) localStorage[RESCUED] = JSON.stringify([...takeRescued(), ...memory])
    },
  }
}
