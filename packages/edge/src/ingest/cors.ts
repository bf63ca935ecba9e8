import type { Problem } from '../gateway/problem.ts'
import { problemDetails } from '../problem-details.ts'
import type { IngestSetup } from './ingest-setup.ts'
import { mayComeFrom } from './origins.ts'

/**
 * What a browser needs to let a page read the answer: its own origin by name, where any key opens for it.
 * https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function corsHeaders(origin: string | null, { keys }: IngestSetup): Record<string, string> {
  const headers = { vary: 'origin', 'cache-control': 'no-store' }
  if (origin === null || !keys.some(({ origins }) => mayComeFrom(origin, origins))) return headers
  return {
    ...headers,
    'access-control-allow-origin': origin,
    // Says when to send again what was too much.
    'access-control-expose-headers': 'retry-after',
  }
}

/** The answer to a browser's question whether a page may send events with a key in its headers. */
export function answerPreflight(request: Request, setup: IngestSetup): Response {
  const headers = corsHeaders(request.headers.get('origin'), setup)
  if (headers['access-control-allow-origin'] === undefined) return problemDetails(FORBIDDEN, headers)
  return new Response(null, {
    status: 204,
    headers: {
      ...headers,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-max-age': '86400',
    },
  })
}

const FORBIDDEN: Problem = {
  status: 403,
  code: 'origin_forbidden',
  message:
    'No key of this edge is for pages of that origin. Its operator must add it to the `origins` of a browser key in paceline.config.ts.',
  param: null,
  retryable: false,
}
