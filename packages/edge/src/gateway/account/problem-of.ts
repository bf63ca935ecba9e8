import type { Failure } from '@paceline/core'
import type { Problem } from '../problem.ts'

/** What the caller is told when a call has failed for good. */
export function problemOf(failure: Failure): Problem {
  const param = failure.param ?? null
  switch (failure.kind) {
    case 'invalid-request':
    case 'turned-away':
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
        ...AGAIN,
        status: 429,
        code: 'rate_limited',
        message: `The provider limits its rate at the moment${afterCommit(failure)}. Ask again later.`,
        ...(failure.retryAfterMs === undefined
          ? {}
          : { retryAfterS: Math.ceil(failure.retryAfterMs / 1000) }),
      }
    case 'unauthorized':
    case 'misconfigured':
      return {
        status: 503,
        code: 'not_configured',
        message: `A provider of this model refused the gateway's own key or settings${afterCommit(failure)}. Its operator has to mend that; the gateway's log names the provider.`,
        param: null,
        retryable: false,
      }
    case 'deadline':
      return {
        ...AGAIN,
        status: 504,
        code: 'providers_timed_out',
        message: `The answer took longer than this route allows${afterCommit(failure)}. Ask for less, or have the operator raise timers.totalMs.`,
      }
    case 'timeout':
      return {
        ...AGAIN,
        status: 504,
        code: 'providers_timed_out',
        message:
          failure.phase === 'stream'
            ? 'The provider fell silent in the middle of its answer; this answer is incomplete. Ask again in a moment.'
            : 'No provider of this model answered in time. Ask again in a moment.',
      }
    case 'unreachable':
    case 'overloaded':
    case 'server-error':
    case 'truncated':
    case 'malformed':
    case 'client-left':
    case 'beaten':
      return {
        ...AGAIN,
        status: 503,
        code: 'providers_failed',
        message:
          failure.phase === 'stream'
            ? 'The provider broke off in the middle of its answer; this answer is incomplete. Ask again in a moment.'
            : 'No provider of this model could answer. Ask again in a moment.',
      }
  }
}

const AGAIN = { param: null, retryable: true } as const

/** Whether words have reached the caller already: then the honest thing to say is that they are not the whole answer. */
const afterCommit = ({ phase }: Failure): string => (phase === 'stream' ? '; this answer is incomplete' : '')

/** A provider's 401 or 403 is about the gateway; passed on, it would say that the caller's own key is wrong. */
const requestStatus = ({ status = 400 }: Failure): number =>
  status >= 400 && status < 500 && status !== 401 && status !== 403 ? status : 400
