import { afterEach, describe, expect, it, vi } from 'vitest'
import { deliver } from './webhook.ts'

const AT = Date.UTC(2100, 0, 1) + 999
const KEY = 'a key of at least 24 bytes'
const SECRET = `whsec_${btoa(KEY)}`
const webhook = { name: 'oncall', url: 'https://hook.example/', secret: SECRET }

interface Asked {
  readonly url: string
  readonly init: RequestInit
}

function answering(answer: () => Promise<Response>): Asked[] {
  const asked: Asked[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation((url, init = {}) => {
    asked.push({ url: new Request(url).url, init })
    return answer()
  })
  return asked
}

/** As a receiver does it. */
async function verify(signature: string, content: string): Promise<boolean> {
  const encoder = new TextEncoder()
  const key = await crypto.subtle.importKey(
    'raw',
    encoder.encode(KEY),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['verify'],
  )
  const bytes = Uint8Array.from(atob(signature), (one) => one.charCodeAt(0))
  return crypto.subtle.verify('HMAC', key, bytes, encoder.encode(content))
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a webhook', () => {
  it('is signed as Standard Webhooks says, so that its receiver knows the sender', async () => {
    const asked = answering(() => Promise.resolve(new Response()))
    expect(await deliver(webhook, 'm-1:oncall', '{"type":"incident.opened"}', AT)).toBe(true)
    const [{ url, init } = { url: '', init: {} }] = asked
    const headers = new Headers(init.headers)
    const timestamp = String(Math.floor(AT / 1_000))
    const signature = headers.get('webhook-signature') ?? ''
    expect(url).toBe('https://hook.example/')
    expect(headers.get('webhook-id')).toBe('m-1:oncall')
    expect(headers.get('webhook-timestamp')).toBe(timestamp)
    expect(signature).toMatch(/^v1,/)
    const content = `m-1:oncall.${timestamp}.{"type":"incident.opened"}`
    expect(await verify(signature.slice('v1,'.length), content)).toBe(true)
    expect(await verify(signature.slice('v1,'.length), `${content} `)).toBe(false)
  })

  it.each([301, 400, 404, 429, 500, 503])('is not taken where its receiver answers %i', async (status) => {
    answering(() => Promise.resolve(new Response(null, { status })))
    expect(await deliver(webhook, 'm-1', '{}', AT)).toBe(false)
  })

  it('is not taken where nobody answers, or its secret is none', async () => {
    answering(() => Promise.reject(new TypeError('refused')))
    expect(await deliver(webhook, 'm-1', '{}', AT)).toBe(false)
    expect(await deliver({ ...webhook, secret: 'whsec_!' }, 'm-1', '{}', AT)).toBe(false)
  })
})
