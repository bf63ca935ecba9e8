import { importJWK, type CryptoKey } from 'jose'
import * as v from 'valibot'
import type { Clock } from '../clock.ts'

/** The public half of a key that signs directives: Ed25519, as a JSON Web Key. */
export const publicKeySchema = v.object({
  kty: v.literal('OKP', '"OKP"'),
  crv: v.literal('Ed25519', '"Ed25519"'),
  x: v.pipe(v.string(), v.regex(/^[\w-]{43}$/, '32 bytes in base64url')),
  kid: v.pipe(v.string(), v.minLength(1, 'the id that signatures name'), v.maxLength(128)),
})
export type PublicKey = v.InferOutput<typeof publicKeySchema>

/** Of a set, those that are of the one kind that is used here; others may stand beside them. */
const keySetSchema = v.object({ keys: v.array(v.unknown()) })

export function readKeySet(value: unknown): readonly PublicKey[] | null {
  const set = v.safeParse(keySetSchema, value)
  if (!set.success) return null
  return set.output.keys.flatMap((key) => {
    const parsed = v.safeParse(publicKeySchema, key)
    return parsed.success ? [parsed.output] : []
  })
}

/** Why there is no key: nobody knows its id, or nobody could be asked. */
export type NoKey = 'unknown' | 'unreachable'

/** Where the keys come from that directives are verified with. */
export interface KeySource {
  keyFor(kid: string): Promise<CryptoKey | NoKey>
  /** What was learnt, to be kept for the next start; null for pinned keys, which come with the configuration. */
  learnt(): readonly PublicKey[] | null
  /** Takes what the last start learnt. Pinned keys stay as they are. */
  restore(keys: readonly PublicKey[]): void
}

export function pinnedKeys(keys: readonly PublicKey[]): KeySource {
  const ring = new KeyRing(keys)
  return {
    keyFor: (kid) => ring.keyFor(kid),
    learnt: () => null,
    restore: () => undefined,
  }
}

export const KEY_FETCHING = {
  /** Documents that name unknown keys must not become a flood of requests to the edge. */
  notWithinMs: 30_000,
  /** So long a key is trusted without asking whether it still should be. */
  goodForMs: 3_600_000,
} as const

/**
 * Keys from the edge's own set, fetched at first need, for a key that is not known yet, and once an hour, so that keys
 * can be changed while servers run.
 *
 * @param fetchKeys null where they can't be had
 */
export function fetchedKeys(
  fetchKeys: () => Promise<readonly PublicKey[] | null>,
  clock: Pick<Clock, 'now'>,
): KeySource {
  let ring = new KeyRing([])
  let fetchedAt = Number.NEGATIVE_INFINITY
  let triedAt = Number.NEGATIVE_INFINITY

  async function refresh(): Promise<boolean> {
    if (clock.now() - triedAt < KEY_FETCHING.notWithinMs)
      return clock.now() - fetchedAt < KEY_FETCHING.notWithinMs
    triedAt = clock.now()
    const keys = await fetchKeys()
    if (keys === null) {
      // What could not be reached may be asked again with the next document.
      triedAt = Number.NEGATIVE_INFINITY
      return false
    }
    ring = new KeyRing(keys)
    fetchedAt = clock.now()
    return true
  }

  return {
    async keyFor(kid) {
      const isFresh = clock.now() - fetchedAt < KEY_FETCHING.goodForMs
      if (ring.has(kid) && isFresh) return await ring.keyFor(kid)
      const isSure = await refresh()
      // An edge that can't be asked takes no trust away.
      return ring.has(kid) || isSure ? await ring.keyFor(kid) : 'unreachable'
    },
    learnt: () => ring.keys,
    restore(keys) {
      if (ring.keys.length === 0) ring = new KeyRing(keys)
    },
  }
}

class KeyRing {
  readonly keys: readonly PublicKey[]
  readonly #imported = new Map<string, CryptoKey>()

  constructor(keys: readonly PublicKey[]) {
    this.keys = keys
  }

  has(kid: string): boolean {
    return this.keys.some((key) => key.kid === kid)
  }

  async keyFor(kid: string): Promise<CryptoKey | 'unknown'> {
    const known = this.#imported.get(kid)
    if (known !== undefined) return known
    const key = this.keys.find((key) => key.kid === kid)
    if (key === undefined) return 'unknown'
    // A key that can't be used is as good as none, and no reason to stop.
    const imported = await importJWK(key, 'EdDSA').catch(() => null)
    if (imported === null || imported instanceof Uint8Array) return 'unknown'
    this.#imported.set(kid, imported)
    return imported
  }
}
