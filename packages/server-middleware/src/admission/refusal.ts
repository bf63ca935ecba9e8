/** Why a request is not worked on. */
export type RefusalCause = 'overloaded' | 'not-essential'

/** A whole answer, in terms that any framework can send. */
export interface Refusal {
  readonly status: 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const DETAILS: Readonly<Record<RefusalCause, string>> = {
  overloaded:
    'The server is busier than it can serve well, and turns less urgent requests away. Send the same request again after the time in Retry-After.',
  'not-essential':
    'The server answers only its most important routes just now. Send the same request again after the time in Retry-After.',
}

/** Shortest and longest wait, in seconds. */
const WAITS: Readonly<Record<RefusalCause, readonly [number, number]>> = {
  overloaded: [1, 5],
  'not-essential': [10, 30],
}

// Written once: turning a request away has to cost next to nothing, or it would be no relief.
const BODIES: Readonly<Record<RefusalCause, string>> = {
  overloaded: bodyOf('overloaded'),
  'not-essential': bodyOf('not-essential'),
}

/**
 * Problem details that say when to come back, each caller at another time.
 * https://www.rfc-editor.org/rfc/rfc9457
 *
 * @param lot from 0 up to, but not including, 1
 */
export function refusalFor(cause: RefusalCause, lot: number): Refusal {
  const [shortest, longest] = WAITS[cause]
  return {
    status: 503,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'retry-after': String(shortest + Math.floor(lot * (longest - shortest + 1))),
    },
    body: BODIES[cause],
  }
}

function bodyOf(cause: RefusalCause): string {
  return JSON.stringify({
    type: `urn:paceline:problem:${cause}`,
    title: 'Service unavailable',
    status: 503,
    detail: DETAILS[cause],
    retryable: true,
  })
}
