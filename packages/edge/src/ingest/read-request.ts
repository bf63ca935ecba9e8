import { bearerToken } from '../gateway/parse/authenticate.ts'
import { invalid, isProblem, type Problem } from '../gateway/problem.ts'
import { readJson } from '../gateway/parse/read-body.ts'
import type { Sender } from '@paceline/core'
import { identify } from './identify.ts'
import type { IngestSetup, SenderKey } from './ingest-setup.ts'

/** Who sends, and what: not yet looked at one by one. */
export interface SentEvents {
  readonly key: SenderKey
  readonly events: readonly unknown[]
}

const LIMITS: Readonly<
  Record<Sender, { readonly bytes: number; readonly events: number; readonly who: string }>
> = {
  browser: { bytes: 65_536, events: 100, who: 'a publishable key' },
  server: { bytes: 1_048_576, events: 1_000, who: 'a secret key' },
}

/** The events of a request, as a list, from somebody who may send some. */
export async function readRequest(
  request: Request,
  { keys, bodyMs }: Pick<IngestSetup, 'keys' | 'bodyMs'>,
): Promise<SentEvents | Problem> {
  const type = (request.headers.get('content-type') ?? 'application/json').split(';')[0]?.trim().toLowerCase()
  const sent = bearerToken(request.headers.get('authorization'))
  const origin = request.headers.get('origin')
  if (type === 'text/plain') return readBeacon(request, sent, origin, { keys, bodyMs })
  const key = identify(sent, origin, keys)
  if (isProblem(key)) return key
  const form = FORMS.get(type ?? '')
  if (form === undefined) return UNSUPPORTED
  const body = await readWithin(request, key.sender, bodyMs)
  if (!body.ok) return body.problem
  const events = form(body.value)
  return isProblem(events) ? events : countedOut(key, events)
}

/** Where sender and receiver are of different origins, plain text is what a page may send without asking first. */
async function readBeacon(
  request: Request,
  sent: string | null,
  origin: string | null,
  { keys, bodyMs }: Pick<IngestSetup, 'keys' | 'bodyMs'>,
): Promise<SentEvents | Problem> {
  const body = await readWithin(request, 'browser', bodyMs)
  if (!body.ok) return body.problem
  const { key: named, events } = asRecord(body.value)
  const key = identify(sent ?? (typeof named === 'string' && named !== '' ? named : null), origin, keys)
  if (isProblem(key)) return key
  if (key.sender === 'server') return NOT_IN_A_BEACON
  if (!isList(events)) return invalid('A beacon must be {"key":"pk_…","events":[…]}.', 'events')
  return countedOut(key, events)
}

const FORMS = new Map<string, (value: unknown) => readonly unknown[] | Problem>([
  [
    'application/cloudevents-batch+json',
    (value) => (isList(value) ? value : invalid('A batch must be a list of events.')),
  ],
  [
    'application/cloudevents+json',
    (value) =>
      isRecord(value)
        ? [value]
        : invalid('An event must be an object. Send lists as application/cloudevents-batch+json.'),
  ],
  [
    'application/json',
    (value) => {
      if (isList(value)) return value
      return isRecord(value) ? [value] : invalid('The body must be an event or a list of events.')
    },
  ],
])

const readWithin = (request: Request, sender: Sender, bodyMs: number): ReturnType<typeof readJson> =>
  readJson(
    request,
    { bodyBytes: LIMITS[sender].bytes, bodyMs },
    `${LIMITS[sender].who} may send at once. Send the events in smaller batches.`,
  )

function countedOut(key: SenderKey, events: readonly unknown[]): SentEvents | Problem {
  const { events: most, who } = LIMITS[key.sender]
  if (events.length <= most) return { key, events }
  return {
    status: 413,
    code: 'too_many_events',
    message: `The request holds ${events.length.toLocaleString('en')} events, and ${who} may send ${most.toLocaleString('en')} at once. Send them in smaller batches.`,
    param: null,
    retryable: false,
  }
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const asRecord = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {})

const UNSUPPORTED: Problem = {
  status: 415,
  code: 'unsupported_media_type',
  message:
    'Events are JSON: send them as application/cloudevents-batch+json, application/cloudevents+json or application/json, or from a page as a text/plain beacon.',
  param: null,
  retryable: false,
}

const NOT_IN_A_BEACON: Problem = {
  status: 401,
  code: 'unknown_key',
  message: "A secret key has no place in a page. Send it from a server, as 'Authorization: Bearer KEY'.",
  param: 'key',
  retryable: false,
}
