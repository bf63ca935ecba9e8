const encoder = new TextEncoder()

/**
 * The AES key of a secret. It is kept as a value once it is there; the work towards it belongs to the request that
 * does it, and no other request may wait for that.
 */
export class SealingKey {
  readonly #secret: string
  #key: CryptoKey | null = null

  constructor(secret: string) {
    this.#secret = secret
  }

  async get(): Promise<CryptoKey> {
    this.#key ??= await derive(this.#secret)
    return this.#key
  }
}

/** HKDF, so that one secret can serve several purposes. https://www.rfc-editor.org/rfc/rfc5869 */
async function derive(secret: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveKey'])
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: encoder.encode('receipt') },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
}
