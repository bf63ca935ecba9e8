/**
 * What became of a call. Failures are values: they are compared, counted and answered, never thrown.
 */

/** The part of a call in which it failed. */
export type Phase = 'headers' | 'first-output' | 'body' | 'stream'

/**
 * Why a call failed, in words that hold for every provider.
 *
 * - `unreachable`: no connection, a reset, a broken response before anything useful came
 * - `timeout`: a phase timer ran out; the phase says which
 * - `rate-limited`, `overloaded`, `server-error`: the provider said so, by status or in band
 * - `truncated`: the answer ended without its finish marker
 * - `malformed`: the answer broke its own format
 * - `unauthorized`, `misconfigured`: the operator must act: wrong key, unknown model or address
 * - `turned-away`: the provider won't serve this request, for a reason that may be its own; another may
 * - `context-length`, `content-policy`, `invalid-request`: the caller's request, judged by the provider
 * - `client-left`: the caller hung up
 * - `beaten`: given up because another attempt of the same call spoke first
 * - `deadline`: the call's own time was up before this attempt had had its share of it
 */
export type FailureKind =
  | 'unreachable'
  | 'timeout'
  | 'rate-limited'
  | 'overloaded'
  | 'server-error'
  | 'truncated'
  | 'malformed'
  | 'unauthorized'
  | 'misconfigured'
  | 'turned-away'
  | 'context-length'
  | 'content-policy'
  | 'invalid-request'
  | 'client-left'
  | 'beaten'
  | 'deadline'

/** One failed call. `message` is fit for the caller: the provider's own reason, or ours; never a stack, never a key. */
export interface Failure {
  readonly kind: FailureKind
  readonly phase: Phase
  readonly message: string
  /** HTTP status of the provider, where it sent one. */
  readonly status?: number
  /** The request field that the provider objected to, where it named one. */
  readonly param?: string
  /** Least time before the provider wants to be asked again, in ms. */
  readonly retryAfterMs?: number
}

export type Outcome<R> =
  | { readonly ok: true; readonly value: R }
  | { readonly ok: false; readonly failure: Failure }

export const success = <R>(value: R): Outcome<R> => ({ ok: true, value })
export const failed = (failure: Failure): Outcome<never> => ({ ok: false, failure })

/** Whom an outcome counts for or against. Requests that were wrong and clients that left count against nobody. */
export type Credit = 'success' | 'failure' | 'ignore'

export function creditOf(kind: FailureKind): Credit {
  switch (kind) {
    case 'unreachable':
    case 'timeout':
    case 'rate-limited':
    case 'overloaded':
    case 'server-error':
    case 'truncated':
    case 'malformed':
    case 'unauthorized':
    case 'misconfigured':
      return 'failure'
    case 'turned-away':
    case 'context-length':
    case 'content-policy':
    case 'invalid-request':
    case 'client-left':
    case 'beaten':
    case 'deadline':
      return 'ignore'
  }
}

/** Where a failed call may go next. */
export type NextStep =
  /** The same candidate deserves one more try, then the others. */
  | 'same-once'
  /** Another candidate may do better. */
  | 'move-on'
  /** Only a candidate with a longer context may do better. */
  | 'larger-model'
  /** No candidate can help: the reason belongs to the caller. */
  | 'tell-caller'

export function nextStepAfter(failure: Failure): NextStep {
  switch (failure.kind) {
    case 'server-error':
      return failure.status === 500 ? 'same-once' : 'move-on'
    case 'unreachable':
    case 'timeout':
    case 'rate-limited':
    case 'overloaded':
    case 'truncated':
    case 'malformed':
    case 'unauthorized':
    case 'misconfigured':
    case 'turned-away':
      return 'move-on'
    case 'context-length':
      return 'larger-model'
    case 'content-policy':
    case 'invalid-request':
    case 'client-left':
    case 'beaten':
    case 'deadline':
      return 'tell-caller'
  }
}
