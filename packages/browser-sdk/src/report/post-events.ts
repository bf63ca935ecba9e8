import { BATCH_BYTES, type Batch } from './take-batch.ts'
import { judgeAnswer, type NextStep } from './judge-answer.ts'
import type { EventsAnswer } from '@paceline/core'

/** A hanging edge must not keep the other tabs from trying. */
const TIMEOUT_MS = 20_000
/** Plain text with the key in the body needs no preflight, and is all that a beacon can send. */
const TYPE = 'text/plain'

/** Sends events to the edge, and keeps within what a page may have in flight when it is left. */
export function eventPost(
  edge: string,
  onAnswer: (answer: Partial<EventsAnswer>) => void,
): {
  /** Rejects when the edge can't be reached. */
  send: (batch: Batch, outlivesPage: boolean) => Promise<NextStep>
  beacon: (batch: Batch) => void
} {
  const url = `${edge}/events`
  let inFlight = 0

  return {
    send: async ({ body, items }, outlivesPage) => {
      const keepalive = outlivesPage && inFlight + body.length <= BATCH_BYTES
      const counted = keepalive ? body.length : 0
      inFlight += counted
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': TYPE },
          body,
          keepalive,
          credentials: 'omit',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        })
        const answer = (await response.json().catch(() => null)) as Partial<EventsAnswer> | null
        if (response.ok && answer !== null) onAnswer(answer)
        return judgeAnswer(response.status, response.headers.get('retry-after'), answer, items)
      } finally {
        inFlight -= counted
      }
    },
    beacon: ({ body }) => {
      if (inFlight + body.length <= BATCH_BYTES) navigator.sendBeacon(url, new Blob([body], { type: TYPE }))
    },
  }
}
