import type { Call } from '../call.ts'
import type { CacheUse } from './cache-use.ts'
import { canonicalJson } from './canonical-json.ts'

/**
 * Fields that say who asks, how the answer is transported, or what the route has settled already, and leave the answer
 * itself as it is. Every other field counts, those included that nobody here has heard of.
 */
const PLAYS_NO_PART = new Set([
  'model',
  'stream',
  'stream_options',
  'user',
  'metadata',
  'safety_identifier',
  'prompt_cache_key',
])

/** Raised when stored answers of the version before can't be used any more. */
const VERSION = 1

/**
 * The name under which the answer to a call is kept: SHA-256 of everything that the answer depends on, in hexadecimal.
 * Calls have the same one only if one's answer can stand for the other's.
 */
export async function answerKey(
  { route, wire, request, passHeaders }: Pick<Call, 'route' | 'wire' | 'request' | 'passHeaders'>,
  { app, tenant }: Pick<CacheUse, 'app' | 'tenant'>,
): Promise<string> {
  const body = Object.fromEntries(Object.entries(request.body).filter(([name]) => !PLAYS_NO_PART.has(name)))
  const text = canonicalJson({
    version: VERSION,
    app,
    tenant,
    route: route.name,
    wire: wire.name,
    stream: request.stream,
    // Providers count tokens in a stream only for those who ask.
    usage: request.includeUsage,
    headers: passHeaders,
    body,
  })
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
