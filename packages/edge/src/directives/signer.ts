import { CompactSign, type JWK } from 'jose'
import { encodeBase64url } from '../receipt/base64url.ts'

interface SigningKey {
  readonly key: CryptoKey
  readonly kid: string
  readonly publicJwk: JWK
}

/**
 * Signs directives, so that a server takes them from nobody else. The key is derived from the app's secret; while a
 * previous secret is set, its public key is published, too, and what it signed stays good.
 * https://www.rfc-editor.org/rfc/rfc8037
 */
export class Signer {
  readonly #current: Promise<SigningKey>
  readonly #all: readonly Promise<SigningKey>[]

  constructor(secret: string, previous: string | null) {
    this.#current = deriveKey(secret)
    this.#all = previous === null ? [this.#current] : [this.#current, deriveKey(previous)]
  }

  /** @returns a compact JWS whose payload is the document as JSON */
  async sign(document: unknown): Promise<string> {
    const { key, kid } = await this.#current
    return new CompactSign(new TextEncoder().encode(JSON.stringify(document)))
      .setProtectedHeader({ alg: 'EdDSA', kid })
      .sign(key)
  }

  /** The public keys as a JWK set. https://www.rfc-editor.org/rfc/rfc7517 */
  async keys(): Promise<{ keys: JWK[] }> {
    const keys = await Promise.all(this.#all)
    return { keys: keys.map(({ publicJwk }) => publicJwk) }
  }
}

/** An Ed25519 private key in PKCS #8 is this, followed by its 32 bytes. https://www.rfc-editor.org/rfc/rfc8410 */
const PKCS8_PREFIX = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32]

async function deriveKey(secret: string): Promise<SigningKey> {
  const encoder = new TextEncoder()
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveBits'])
  const seed = await crypto.subtle.deriveBits(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: encoder.encode('directives') },
    material,
    256,
  )
  const pkcs8 = Uint8Array.from([...PKCS8_PREFIX, ...new Uint8Array(seed)])
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign'])
  const { x = '' } = (await crypto.subtle.exportKey('jwk', key)) as JsonWebKey
  const digest = await crypto.subtle.digest('SHA-256', encoder.encode(x))
  const kid = encodeBase64url(new Uint8Array(digest).slice(0, 8))
  return { key, kid, publicJwk: { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' } }
}
