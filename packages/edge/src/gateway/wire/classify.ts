import type { Failure, FailureKind, Phase } from '@paceline/core'

/** What a provider said of its failure, before its meaning is settled. */
export interface ProviderError {
  /** Null for an error that came in band, under status 200. */
  readonly status: number | null
  readonly phase: Phase
  /** The provider's own words; null when it sent none. */
  readonly message: string | null
  /** Its `code` and `type`, as far as there are any. */
  readonly code: string | null
  readonly type: string | null
  readonly param: string | null
}

const CONTEXT_LENGTH =
  /context[ _-]?(length|window)|prompt is too long|too many (input )?tokens|input token count|maximum context/i
const CONTENT_POLICY = /content[ _-]?(policy|filter|management)|safety system|responsible_?ai/i
const NAMES: readonly (readonly [RegExp, FailureKind])[] = [
  [/overloaded|unavailable|capacity/i, 'overloaded'],
  [/rate_?limit|insufficient_quota|resource_exhausted/i, 'rate-limited'],
  [/authentication|permission|invalid_api_key/i, 'unauthorized'],
  [/not_found/i, 'misconfigured'],
  [/timeout/i, 'overloaded'],
  [/invalid_request/i, 'invalid-request'],
]

/** Settles whose fault an error is. Providers agree on statuses better than on codes, so the status goes first. */
export function classify(error: ProviderError): Failure {
  const kind = error.status === null ? kindOfName(error) : kindOfStatus(error.status, error)
  return {
    kind,
    phase: error.phase,
    message: error.message ?? 'The provider gave no reason.',
    ...(error.status === null ? {} : { status: error.status }),
    ...(error.code === null ? {} : { code: error.code }),
    ...(error.param === null ? {} : { param: error.param }),
  }
}

function kindOfStatus(status: number, error: ProviderError): FailureKind {
  switch (status) {
    case 401:
    case 402:
    case 403:
      return kindOfRequest(error) ?? 'unauthorized'
    case 404:
    case 405:
      return 'misconfigured'
    case 408:
    case 409:
    case 425:
    case 503:
    case 529:
      return 'overloaded'
    case 429:
      return 'rate-limited'
    default:
      if (status >= 500) return 'server-error'
      return status >= 400 ? (kindOfRequest(error) ?? 'invalid-request') : 'malformed'
  }
}

function kindOfName(error: ProviderError): FailureKind {
  const name = `${error.type ?? ''} ${error.code ?? ''}`
  // Some gateways repeat the status that they can no longer send.
  if (/^[45]\d\d$/.test(error.code ?? '')) return kindOfStatus(Number(error.code), error)
  const ofRequest = kindOfRequest(error)
  if (ofRequest !== null) return ofRequest
  return NAMES.find(([pattern]) => pattern.test(name))?.[1] ?? 'server-error'
}

function kindOfRequest({ code, type, message }: ProviderError): FailureKind | null {
  const words = `${code ?? ''} ${type ?? ''} ${message ?? ''}`
  if (CONTEXT_LENGTH.test(words)) return 'context-length'
  return CONTENT_POLICY.test(words) ? 'content-policy' : null
}

/** An answer that broke its own format. */
export const malformed = (phase: Phase, what: string): Failure => ({
  kind: 'malformed',
  phase,
  message: `The provider's answer broke its format: ${what}.`,
})

/** An answer that ended before its finish marker. */
export const truncated = (phase: Phase): Failure => ({
  kind: 'truncated',
  phase,
  message: "The provider's answer ended before its finish marker.",
})
