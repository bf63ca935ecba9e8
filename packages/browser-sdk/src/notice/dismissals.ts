/** Which incidents a user has put away, and how severe each was then. */
export interface Dismissals {
  covers(incident: string, weight: number): boolean
  add(incident: string, weight: number): void
}

const NAME = 'paceline-dismissed'
const REMEMBERED = 20

type Entry = readonly [incident: string, weight: number]

/** Kept beyond the page where the browser lets us. */
export function openDismissals(): Dismissals {
  let entries = read()
  return {
    covers: (incident, weight) => entries.some(([name, worst]) => name === incident && worst >= weight),
    add: (incident, weight) => {
      entries = [[incident, weight] as const, ...entries.filter(([name]) => name !== incident)].slice(
        0,
        REMEMBERED,
      )
      try {
        localStorage.setItem(NAME, JSON.stringify(entries))
      } catch {
        // Storage is forbidden or full: it holds for this page.
      }
    },
  }
}

function read(): readonly Entry[] {
  try {
    const entries: unknown = JSON.parse(localStorage.getItem(NAME) ?? '[]')
    return Array.isArray(entries) ? entries.filter((entry): entry is Entry => Array.isArray(entry)) : []
  } catch {
    return []
  }
}
