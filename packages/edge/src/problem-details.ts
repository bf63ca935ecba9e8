import type { Problem } from './gateway/problem.ts'

/** A problem where no wire format has its own shape for it. https://www.rfc-editor.org/rfc/rfc9457 */
export function problemDetails(problem: Problem, extra: Readonly<Record<string, string>> = {}): Response {
  const { status, code, message, retryable, retryAfterS } = problem
  const wait = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }
  return Response.json(
    {
      type: `urn:paceline:problem:${code}`,
      title: TITLES[status] ?? 'Error',
      status,
      detail: message,
      retryable,
    },
    { status, headers: { ...extra, ...wait, 'content-type': 'application/problem+json' } },
  )
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request timeout',
  413: 'Content too large',
  415: 'Unsupported media type',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Service unavailable',
}
