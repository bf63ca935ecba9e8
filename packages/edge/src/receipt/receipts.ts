import * as v from 'valibot'
import { parseJson } from '../gateway/wire/parse-json.ts'
import { decodeBase64url, encodeBase64url } from './base64url.ts'
import { SealingKey } from './sealing-key.ts'

/** How a call was answered: what a page may prove without being told. */
export interface Routed {
  readonly route: string
  readonly candidate: string
  /** Version of the directives in force. */
  readonly directives: number
  /** Epoch ms. */
  readonly issuedAt: number
}

export interface Receipt {
  /** Names the call. */
  readonly call: string
  readonly receipt: string
}

export type Opened =
  | { readonly ok: true; readonly routed: Routed }
  | { readonly ok: false; readonly why: Doubt }
/** `forged`: not made here, or changed since. `stale`: made too long ago, or not yet. */
export type Doubt = 'forged' | 'stale'

const OLDEST_MS = 600_000
/** How far the clocks of two machines may be apart. */
const CLOCK_SKEW_MS = 60_000
/** Bytes of an AES-GCM nonce. Drawn at random, so that a secret is good for some billions of calls. */
const NONCE_BYTES = 12

const sealedSchema = v.strictObject({ r: v.string(), c: v.string(), v: v.number(), t: v.number() })

/**
 * Receipts for calls, without a memory: a receipt is the call's routing, sealed by AES-GCM with the call's name as
 * nonce. Pages pass them on and can neither read, change nor make them. That each counts once is for the reader to see
 * to, by the name.
 */
export class Receipts {
  readonly #current: SealingKey
  readonly #keys: readonly SealingKey[]

  /** @param previous still opens what was sealed with it, so that a secret can be changed while people chat */
  constructor(secret: string, previous: string | null = null) {
    this.#current = new SealingKey(secret)
    this.#keys = previous === null ? [this.#current] : [this.#current, new SealingKey(previous)]
  }

  async mint({ route, candidate, directives, issuedAt }: Routed): Promise<Receipt> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
    const text = JSON.stringify({ r: route, c: candidate, v: directives, t: issuedAt })
    const key = await this.#current.get()
    const sealed = await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv: nonce },
      key,
      new TextEncoder().encode(text),
    )
    return { call: encodeBase64url(nonce), receipt: encodeBase64url(new Uint8Array(sealed)) }
  }

  /** @param proof `CALL.RECEIPT` */
  async open(proof: string, now: number): Promise<Opened> {
    const [call = '', receipt = '', ...more] = proof.split('.')
    const nonce = decodeBase64url(call)
    const sealed = decodeBase64url(receipt)
    // One spelling for each name, or a receipt could be told twice under two of them.
    if (nonce?.length !== NONCE_BYTES || sealed === null || more.length > 0)
      return { ok: false, why: 'forged' }
    for (const key of this.#keys) {
      const routed = await unseal(await key.get(), nonce, sealed)
      if (routed !== null) return inTime(routed, now) ? { ok: true, routed } : { ok: false, why: 'stale' }
    }
    return { ok: false, why: 'forged' }
  }
}

const inTime = ({ issuedAt }: Routed, now: number): boolean =>
  now - issuedAt <= OLDEST_MS && issuedAt - now <= CLOCK_SKEW_MS

async function unseal(
  key: CryptoKey,
  nonce: Uint8Array<ArrayBuffer>,
  sealed: Uint8Array<ArrayBuffer>,
): Promise<Routed | null> {
  const bytes = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce }, key, sealed).catch(() => null)
  if (bytes === null) return null
  const json = parseJson(new TextDecoder().decode(bytes))
  const parsed = v.safeParse(sealedSchema, json.ok ? json.value : null)
  if (!parsed.success) return null
  const { r: route, c: candidate, v: directives, t: issuedAt } = parsed.output
  return { route, candidate, directives, issuedAt }
}
