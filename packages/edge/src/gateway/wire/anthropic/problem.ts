import type { Problem } from '../../problem.ts'

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
}

export function encodeAnthropicProblem(problem: Problem): { type: 'error'; error: object } {
  const fallback = problem.status >= 500 ? 'api_error' : 'invalid_request_error'
  return {
    type: 'error',
    error: {
      type: TYPES[problem.status] ?? fallback,
      message: problem.message,
      code: problem.code,
      param: problem.param,
      retryable: problem.retryable,
    },
  }
}
