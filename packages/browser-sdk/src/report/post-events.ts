import type { EventsAnswer, Version } from '@paceline/core'
import { judgeAnswer, type Judgement } from './judge-answer.ts'
import type { Batch } from './take-batch.ts'

/** A hanging edge must not keep the other tabs from trying. */
const TIMEOUT_MS = 20_000

/**
 * Sends events as plain text with the key in the body, which needs no preflight and is all that a beacon can send.
 * Rejects when the edge can't be reached.
 *
 * @param keepalive whether it may outlive the page
 * @param onVersion hears which directives the edge knows of
 */
export async function postEvents(
  url: string,
  { body, keys }: Batch,
  keepalive: boolean,
  onVersion: (version: Version | null | undefined) => void,
): Promise<Judgement> {
  const response = await fetch(url, {
    method: 'POST',
    body,
    keepalive,
    credentials: 'omit',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const answer = (await response.json().catch(() => null)) as Partial<EventsAnswer> | null
  if (response.ok) onVersion(answer?.directives)
  return judgeAnswer(response.status, response.headers.get('retry-after'), answer, keys)
}
