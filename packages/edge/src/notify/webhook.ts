/** Where people or their systems listen. */
export interface Webhook {
  readonly name: string
  readonly url: string
  /** `whsec_` and the key in base64. */
  readonly secret: string
}

/** Longer than any healthy receiver needs, shorter than anybody's patience. */
const TIMEOUT_MS = 10_000

/**
 * Delivers one message, signed, so that its receiver knows who sent it and drops one that comes twice.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @param id the same for every try
 * @returns whether the receiver took it
 */
export async function deliver(webhook: Webhook, id: string, body: string, now: number): Promise<boolean> {
  const timestamp = String(Math.floor(now / 1_000))
  try {
    const response = await fetch(webhook.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${await sign(webhook.secret, `${id}.${timestamp}.${body}`)}`,
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}

async function sign(secret: string, content: string): Promise<string> {
  const bytes = signingBytes(secret)
  if (bytes === null) throw new Error('the secret is not in base64')
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(content))
  return btoa(String.fromCharCode(...new Uint8Array(signature)))
}

/** The key that a secret stands for; null where it stands for none. */
export function signingBytes(secret: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = Uint8Array.from(atob(secret.replace(/^whsec_/, '')), (one) => one.charCodeAt(0))
    return bytes.length === 0 ? null : bytes
  } catch {
    return null
  }
}
