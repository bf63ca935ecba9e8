import * as v from 'valibot'
import { parseJson } from '../wire/parse-json.ts'

/** How long an isolate goes by what it has read. */
const FOLLOW_MS = 10_000
const MOST_REMEMBERED = 10_000
/** Longer than any answer is kept, so that no answer outlives the purge that was meant for it. */
const KEPT_S = 3_024_000

const purgeSchema = v.strictObject({ purgedAt: v.pipe(v.number(), v.minValue(0)) })

/**
 * When the answers of each tenant were purged last: whatever was asked for before is not given any more. An instant and
 * not a number to count up, since two who count at once lose one of the counts.
 */
export class Purges {
  readonly #now: () => number
  readonly #known = new Map<string, { readonly purgedAt: number; readonly readAt: number }>()
  /** The last purge of all whose tenants are forgotten here: it counts for everybody, so that none is undone. */
  #floor = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** The last purge as far as it is known here, 0 for none; null where what is known is too old to go by. */
  known(tenant: string, namespace: KVNamespace | null): number | null {
    const known = this.#known.get(tenant)
    if (namespace === null) return known?.purgedAt ?? this.#floor
    return known !== undefined && this.#now() < known.readAt + FOLLOW_MS ? known.purgedAt : null
  }

  /** Asks KV for the last purge. Null where it can't tell: then nothing that is kept may be given. */
  async read(tenant: string, namespace: KVNamespace): Promise<number | null> {
    const readAt = this.#now()
    const text = await namespace.get(nameOf(tenant), 'text').catch(() => undefined)
    if (text === undefined) return null
    const json = text === null ? null : parseJson(text)
    const parsed = json === null ? null : v.safeParse(purgeSchema, json.ok ? json.value : null)
    if (parsed?.success === false) return null
    return this.#learn(tenant, parsed === null ? 0 : parsed.output.purgedAt, readAt)
  }

  /**
   * Purges the answers of a tenant.
   *
   * @throws what KV throws: then only this isolate follows
   */
  async purge(tenant: string, namespace: KVNamespace | null): Promise<number> {
    const purgedAt = this.#learn(tenant, this.#now(), this.#now())
    await namespace?.put(nameOf(tenant), JSON.stringify({ purgedAt }), { expirationTtl: KEPT_S })
    return purgedAt
  }

  // KV may show an older state than this isolate has seen.
  #learn(tenant: string, heard: number, readAt: number): number {
    const purgedAt = Math.max(heard, this.#known.get(tenant)?.purgedAt ?? this.#floor)
    if (this.#known.size >= MOST_REMEMBERED) {
      for (const known of this.#known.values()) this.#floor = Math.max(this.#floor, known.purgedAt)
      this.#known.clear()
    }
    this.#known.set(tenant, { purgedAt, readAt })
    return purgedAt
  }
}

const nameOf = (tenant: string): string => `purge:${tenant}`
