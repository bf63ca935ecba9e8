import { comeBackAfterS, type ShedCause } from '@paceline/core'

/** A whole answer, in terms that any framework can send. */
export interface Refusal {
  readonly status: 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const DETAILS: Readonly<Record<ShedCause, string>> = {
  overloaded:
    'The server is busier than it can serve well, and turns less urgent requests away. Send the same request again after the time in Retry-After.',
  'not-essential':
    'The server answers only its most important routes just now. Send the same request again after the time in Retry-After.',
}

// Written once: turning a request away has to cost next to nothing, or it would be no relief.
const BODIES: Readonly<Record<ShedCause, string>> = {
  overloaded: bodyOf('overloaded'),
  'not-essential': bodyOf('not-essential'),
}

/**
 * Problem details that say when to come back, each caller at another time.
 * https://www.rfc-editor.org/rfc/rfc9457
 *
 * @param lot from 0 up to, but not including, 1
 */
export function refusalFor(cause: ShedCause, lot: number): Refusal {
  return {
    status: 503,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'retry-after': String(comeBackAfterS(cause, lot)),
    },
    body: BODIES[cause],
  }
}

function bodyOf(cause: ShedCause): string {
  return JSON.stringify({
    type: `urn:paceline:problem:${cause}`,
    title: 'Service unavailable',
    status: 503,
    detail: DETAILS[cause],
    retryable: true,
  })
}
