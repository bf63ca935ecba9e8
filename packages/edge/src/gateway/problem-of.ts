import type { Failure } from '@paceline/core'
import type { Problem } from './problem.ts'

/** What the caller is told when a call has failed for good. */
export function problemOf(failure: Failure): Problem {
  const param = failure.param ?? null
  switch (failure.kind) {
    case 'invalid-request':
      return {
        status: requestStatus(failure),
        code: 'invalid_request',
        message: failure.message,
        param,
        retryable: false,
      }
    case 'context-length':
      return {
        status: 400,
        code: 'context_length_exceeded',
        message: failure.message,
        param,
        retryable: false,
      }
    case 'content-policy':
      return { status: 400, code: 'content_policy', message: failure.message, param, retryable: false }
    case 'rate-limited':
      return {
        status: 429,
        code: 'rate_limited',
        message: 'Every provider of this model limits its rate at the moment. Ask again later.',
        param: null,
        retryable: true,
        ...(failure.retryAfterMs === undefined
          ? {}
          : { retryAfterS: Math.ceil(failure.retryAfterMs / 1000) }),
      }
    case 'timeout':
    case 'deadline':
      return {
        status: 504,
        code: 'providers_timed_out',
        message: `No provider answered in time${afterCommit(failure)}. Ask again in a moment.`,
        param: null,
        retryable: true,
      }
    case 'unreachable':
    case 'overloaded':
    case 'server-error':
    case 'truncated':
    case 'malformed':
    case 'unauthorized':
    case 'misconfigured':
    case 'client-left':
      return {
        status: 503,
        code: 'providers_failed',
        message: `No provider of this model could answer${afterCommit(failure)}. Ask again in a moment.`,
        param: null,
        retryable: true,
      }
  }
}

/** Whether words have reached the caller already: then the honest thing to say is that they are not the whole answer. */
const afterCommit = ({ phase }: Failure): string =>
  phase === 'stream' ? ' to the end; this answer is incomplete' : ''

const requestStatus = ({ status }: Failure): number =>
  status !== undefined && status >= 400 && status < 500 ? status : 400
