import { eventsAnswerSchema, type EventsAnswer, type PacelineEvent } from '@paceline/core'
import * as v from 'valibot'
import {
  authorization,
  problemOf,
  retryAfterMs,
  UNREACHABLE,
  type EdgeAddress,
} from '../directives/edge-client.ts'

/** What became of a batch. */
export type Sent =
  | { readonly kind: 'answered'; readonly answer: EventsAnswer }
  /** Not kept, or nobody knows: it is sent again, and the edge knows duplicates by their ids. */
  | { readonly kind: 'again'; readonly problem: string; readonly afterMs: number | null }
  /** It would be refused again. */
  | { readonly kind: 'refused'; readonly problem: string }

/** Statuses that say something of the moment, or of a key that may be changed meanwhile, and nothing of the batch. */
const PASSING = new Set([401, 403, 408, 425, 429])

/** Sends one batch once. */
export async function sendEvents(
  edge: EdgeAddress,
  events: readonly PacelineEvent[],
  signal: AbortSignal,
): Promise<Sent> {
  try {
    const response = await fetch(new URL('/events', edge.url), {
      method: 'POST',
      headers: { ...authorization(edge), 'content-type': 'application/cloudevents-batch+json' },
      body: JSON.stringify(events),
      redirect: 'manual',
      signal,
    })
    if (response.status === 200) {
      const parsed = v.safeParse(eventsAnswerSchema, await response.json())
      if (parsed.success) return { kind: 'answered', answer: answerOf(parsed.output) }
      return { kind: 'again', problem: 'The edge’s answer to events is not one.', afterMs: null }
    }
    await response.body?.cancel()
    const problem = problemOf(response.status, 'POST /events')
    return response.status >= 500 || PASSING.has(response.status)
      ? { kind: 'again', problem, afterMs: retryAfterMs(response.headers) }
      : { kind: 'refused', problem }
  } catch {
    return { kind: 'again', problem: UNREACHABLE, afterMs: null }
  }
}

/** Without the keys that hold `undefined`, which the answer's type knows nothing of. */
const answerOf = ({ verdicts, directives }: v.InferOutput<typeof eventsAnswerSchema>): EventsAnswer => ({
  directives,
  verdicts: verdicts.map(({ id, verdict, reason }) => ({
    id,
    verdict,
    ...(reason === undefined ? {} : { reason }),
  })),
})
