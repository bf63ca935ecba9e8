import type { Problem } from './gateway/problem.ts'

/** A problem where no wire format has its own shape for it. https://www.rfc-editor.org/rfc/rfc9457 */
export function problemDetails(problem: Problem): Response {
  const { status, code, message, retryable } = problem
  return Response.json(
    {
      type: `urn:paceline:problem:${code}`,
      title: TITLES[status] ?? 'Error',
      status,
      detail: message,
      retryable,
    },
    { status, headers: { 'content-type': 'application/problem+json' } },
  )
}

const TITLES: Readonly<Record<number, string>> = {
  404: 'Not found',
  500: 'Internal error',
}
