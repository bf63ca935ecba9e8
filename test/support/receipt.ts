import { KEYS } from './stack.ts'

/** A receipt as the edge makes it, from outside: with any time, and with any secret. For the route's OpenAI candidate. */
export async function seal(route: string, issuedAt: number, secret: string = KEYS.secret): Promise<string> {
  const encoder = new TextEncoder()
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveKey'])
  const key = await crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: encoder.encode('receipt') },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt'],
  )
  const nonce = crypto.getRandomValues(new Uint8Array(12))
  const candidate = `openai-${route.split('-')[1]}`
  const text = encoder.encode(JSON.stringify({ r: route, c: candidate, v: 0, t: issuedAt }))
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, text)
  return `${Buffer.from(nonce).toString('base64url')}.${Buffer.from(sealed).toString('base64url')}`
}
