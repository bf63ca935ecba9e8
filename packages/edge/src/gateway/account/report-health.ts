import { creditOf, type Failure, type Sample } from '@paceline/core'
import type { HealthView } from '../../health/health-view.ts'
import { log } from '../../log.ts'
import type { Answer, Call, Layer, StreamLayer } from '../call.ts'
import type { Candidate, Candidates } from '../candidate.ts'

/**
 * Tells health what each attempt was like: how soon it spoke, at once; how it ended, only at its end, since a stream
 * that opens well may still break off. Callers that leave and requests that were wrong count against nobody.
 */
export function reportHealth(health: HealthView): Layer<Candidates, Answer> {
  return (inner) => async (candidates, call) => {
    const [candidate] = candidates
    const generation = health.generationOf(candidate.id)
    const end = (result: 'success' | 'failure' | 'unusable'): void =>
      health.note({ kind: 'end', candidate: candidate.id, result, generation })

    const outcome = await inner(candidates, call)
    for (const sample of speedOf(candidate, call, outcome.ok ? null : outcome.failure)) health.note(sample)
    const settle = (failure: Failure): void => {
      const result = resultOf(failure)
      if (result === 'unusable' || failure.kind === 'turned-away')
        log('provider.refused', {
          call: call.id,
          candidate: candidate.id,
          kind: failure.kind,
          status: failure.status,
        })
      if (result !== null) end(result)
    }
    if (!outcome.ok) {
      settle(outcome.failure)
      return outcome
    }
    if (outcome.value.kind === 'whole') {
      end('success')
      return outcome
    }
    const events = watchEnd((failure) => (failure === null ? end('success') : settle(failure)))(
      outcome.value.events,
    )
    return { ok: true, value: { ...outcome.value, events } }
  }
}

/** What a failure says of its candidate; null where it says nothing. */
function resultOf({ kind }: Failure): 'failure' | 'unusable' | null {
  if (creditOf(kind) !== 'failure') return null
  return kind === 'unauthorized' || kind === 'misconfigured' ? 'unusable' : 'failure'
}

/** Unstreamed answers arrive when they are done: their time says how long they are, not how fast the provider is. */
function speedOf(candidate: Candidate, call: Call, failure: Failure | null): Sample[] {
  const record = call.attempts.at(-1)
  if (!call.request.stream || record === undefined) return []
  if (failure !== null && failure.kind !== 'timeout') return []
  const ms = (record.firstOutputAt ?? Date.now()) - record.startedAt
  return [
    {
      kind: 'first-output',
      candidate: candidate.id,
      route: call.route.name,
      origin: call.origin,
      ms,
      late: failure !== null || ms > candidate.ttfvtTargetMs,
      beaten: false,
      promptSize: call.promptSize,
      directives: call.directives,
    },
  ]
}

/** Tells once how a stream ended; one whose reader left before its end tells nothing. */
const watchEnd = (onEnd: (failure: Failure | null) => void): StreamLayer =>
  async function* (events) {
    let failed = false
    for await (const batch of events) {
      const broken = batch.flatMap(({ parts }) => parts).find((part) => part.kind === 'error')
      if (broken !== undefined && !failed) {
        failed = true
        // Before it is handed on: whoever reads a failure may read no further.
        onEnd(broken.failure)
      }
      yield batch
    }
    if (!failed) onEnd(null)
  }
