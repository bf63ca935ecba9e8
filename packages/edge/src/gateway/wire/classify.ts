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
/**
 * What only the operator can mend: a key, an account, a model's name. Messages count by how they begin alone, since
 * further on they may quote what a caller wrote, and no caller must be able to put a provider out.
 */
const KEY_CODE =
  /invalid_api_key|authentication|unauthenticated|billing|insufficient_quota|^api_key_|^(service_disabled|consumer_\w+)\b/i
const KEY_MESSAGE =
  /^(your )?(incorrect|invalid|missing|expired) api key|^(your )?api key (not valid|invalid|expired|was )|^your credit balance/i
const MODEL_CODE = /model_not_found/i
const MODEL_MESSAGE = /^(the )?model[: `'"]|^models\/[^ ]+ is not found/i
/** What one provider won't do and another may: a setting that its model lacks, an answer that the caller has begun. */
const UNSUPPORTED = /unsupported|not supported|prefill|assistant message|last (message|role)/i
const NAMES: readonly (readonly [RegExp, FailureKind])[] = [
  [/overloaded|unavailable|capacity/i, 'overloaded'],
  [/rate_?limit|resource_exhausted/i, 'rate-limited'],
  [/permission|not_found/i, 'turned-away'],
  [/timeout/i, 'overloaded'],
  [/invalid_request/i, 'invalid-request'],
]

/** Settles whose fault an error is. Providers agree on statuses better than on codes, so the status goes first. */
export function classify(error: ProviderError): Failure {
  const kind = error.status === null ? kindOfName(error) : kindOfStatus(error.status, error)
  return {
    kind,
    phase: error.phase,
    message: error.message === null ? 'The provider gave no reason.' : withoutKeys(error.message),
    ...(error.status === null ? {} : { status: error.status }),
    ...(error.param === null ? {} : { param: error.param }),
  }
}

function kindOfStatus(status: number, error: ProviderError): FailureKind {
  switch (status) {
    case 401:
    case 402:
      return 'unauthorized'
    case 403:
      return kindOfRequest(error) ?? 'turned-away'
    case 404:
    case 405:
      // Without a word it is the address that is wrong; with one it may be a file that the caller named.
      if (error.message === null || MODEL_MESSAGE.test(error.message)) return 'misconfigured'
      return kindOfRequest(error) ?? 'turned-away'
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
  if (CONTENT_POLICY.test(words)) return 'content-policy'
  const name = `${code ?? ''} ${type ?? ''}`
  if (KEY_CODE.test(name) || KEY_MESSAGE.test(message ?? '')) return 'unauthorized'
  if (MODEL_CODE.test(name)) return 'misconfigured'
  return UNSUPPORTED.test(words) ? 'turned-away' : null
}

/** Providers quote the key that they refuse; callers and logs must not see it. */
const withoutKeys = (message: string): string =>
  message.replaceAll(/\b((sk|gsk|xai|key)[-_]|AIza)[\w*.-]{8,}/g, '[key]')

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

/** An answer whose finish marker stands, though the input of one of its tool calls breaks off. */
export const brokenCall = (phase: Phase): Failure => malformed(phase, 'the input of a tool call is no JSON')

/** An answer whose provider says that it broke off. */
export const gaveUp = (phase: Phase): Failure => ({
  kind: 'server-error',
  phase,
  message: 'The provider gave up in the middle of its answer.',
})
