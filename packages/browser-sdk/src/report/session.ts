/** One visit with one tab, as long as the tab lives: enough to tell duplicates by, and nothing that outlives it. */
export interface Session {
  readonly id: string
  /** Whether this one is among the part of all sessions that report; the answer never changes for the same part. */
  isSampled(part: number): boolean
}

const NAME = 'paceline-session'

export function openSession(): Session {
  const id = stored() ?? newId()
  return { id, isSampled: (part) => Number.parseInt(id.slice(0, 8), 16) / 2 ** 32 < part }
}

function stored(): string | undefined {
  try {
    const known = sessionStorage.getItem(NAME)
    if (known !== null && /^[\da-f]{8}-[\da-f-]{27}$/.test(known)) return known
    const id = newId()
    sessionStorage.setItem(NAME, id)
    return id
  } catch {
    return undefined
  }
}

/** Pages without TLS have no `randomUUID`. */
export function newId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  )
  return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
