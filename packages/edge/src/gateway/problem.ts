/**
 * What a caller is told when there is no answer. Each wire format spells it in its own shape; everywhere else it is
 * a problem detail (RFC 9457).
 */
export interface Problem {
  readonly status: number
  readonly code: ProblemCode
  /** What was wrong, where, and what to do: for a person or an agent to act on. */
  readonly message: string
  /** The request field that it is about. */
  readonly param: string | null
  /** Whether the same request may succeed later. */
  readonly retryable: boolean
  readonly retryAfterS?: number
  /** Whether the official clients may send it again by themselves: nothing was tried yet, and the wait is short. */
  readonly clientsMayRetry?: boolean
}

/** Tells a problem from what stands in its place when there is none. */
export const isProblem = (value: object): value is Problem => 'retryable' in value && 'code' in value

export type ProblemCode =
  | 'invalid_json'
  | 'invalid_request'
  | 'body_too_large'
  | 'body_too_slow'
  | 'unsupported_media_type'
  | 'missing_key'
  | 'unknown_key'
  | 'route_forbidden'
  | 'unknown_model'
  | 'no_capable_candidate'
  | 'context_length_exceeded'
  | 'content_policy'
  | 'not_configured'
  | 'rate_limited'
  | 'quota_exceeded'
  | 'overloaded'
  | 'origin_forbidden'
  | 'too_many_events'
  | 'storage_unavailable'
  | 'providers_failed'
  | 'providers_timed_out'
  | 'coordinator_out'
  | 'health_out'
  | 'not_found'
  | 'method_not_allowed'
  | 'internal'

export const invalid = (message: string, param: string | null = null): Problem => ({
  status: 400,
  code: 'invalid_request',
  message,
  param,
  retryable: false,
})
