import type { Problem } from '../../problem.ts'

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
}

export function encodeOpenAiProblem(problem: Problem): { error: object } {
  const fallback = problem.status >= 500 ? 'server_error' : 'invalid_request_error'
  return {
    error: {
      message: problem.message,
      type: TYPES[problem.status] ?? fallback,
      param: problem.param,
      code: problem.code,
      retryable: problem.retryable,
    },
  }
}
