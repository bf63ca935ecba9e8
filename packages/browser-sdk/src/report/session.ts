const NAME = 'paceline-session'

/** Names one visit with one tab, as long as the tab lives: enough to tell duplicates by, and nothing that outlives it. */
export function sessionId(): string {
  try {
    return (sessionStorage[NAME] ??= newId()) as string
  } catch {
    return newId()
  }
}

/** Whether a session is among the part of all that report; the answer never changes for the same part. */
export const isSampled = (session: string, part: number): boolean =>
  parseInt(session.slice(0, 8), 16) / 2 ** 32 < part

/** 144 random bits. Pages without TLS have no `randomUUID`. */
export const newId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(18))].map((byte) => (byte + 256).toString(16).slice(1)).join('')
