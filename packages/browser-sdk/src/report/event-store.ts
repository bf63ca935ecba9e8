/** One kept event, as it goes over the wire. */
export interface Kept {
  readonly key: string
  readonly json: string
}

/**
 * Events on disk where the browser lets us, in memory where it does not. It is `localStorage` because a write there is
 * done when it returns: also while the page is being left, when a database would have to be open already.
 */
export interface EventStore {
  /**
   * @param readyAt from when on any page may send it, in epoch ms
   * @returns the key to remove it by
   */
  put(id: string, json: string, readyAt: number): string
  /** Those that are ready, of this page and of others, oldest first. */
  ready(): Kept[]
  remove(keys: readonly string[]): void
}

const PREFIX = 'paceline-event '
/** Beyond this the oldest go: the storage is the app's, and a report is worth less. */
const LIMIT = 2_000

export function openEventStore(): EventStore {
  /** What the disk would not take. */
  const memory: Record<string, string> = {}

  const remove = (keys: readonly string[]): void => {
    for (const key of keys) {
      delete memory[key]
      delete disk()[key]
    }
  }

  return {
    put: (id, json, readyAt) => {
      const key = `${PREFIX}${readyAt} ${id}`
      try {
        localStorage[key] = json
      } catch {
        memory[key] = json
      }
      return key
    },
    ready: () => {
      const stored = disk()
      const keys = [...Object.keys(memory), ...Object.keys(stored)]
        .filter((key) => key.startsWith(PREFIX))
        .sort()
      remove(keys.splice(0, keys.length - LIMIT))
      const now = `${PREFIX}${Date.now()}~`
      return keys.filter((key) => key < now).map((key) => ({ key, json: stored[key] ?? memory[key] ?? '' }))
    },
    remove,
  }
}

/** Strict settings throw at the mere mention of it, and some web views have none. */
function disk(): Record<string, string> {
  try {
    return localStorage ?? {}
  } catch {
    return {}
  }
}
