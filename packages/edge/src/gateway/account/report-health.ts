import { creditOf, type Failure } from '@paceline/core'
import type { HealthView } from '../../health/health-view.ts'
import { log } from '../../log.ts'
import type { Answer, Attempt, AttemptReason, Layer, StreamLayer } from '../call.ts'
import type { StreamEvent } from '../wire/part.ts'
import { relay } from '../wire/relay.ts'

/**
 * Tells health what each attempt was like: how soon it spoke, or that it is overdue, at once; how it ended, only at its end, since a stream
 * that opens well may still break off. Callers that leave and requests that were wrong count against nobody.
 */
export function reportHealth(health: HealthView): Layer<Attempt, Answer> {
  return (inner) => async (attempt, call) => {
    const { candidate, record } = attempt
    const generation = health.generationOf(candidate.id)
    health.ledger.count('attempts', record.reason)
    const end = (result: 'success' | 'failure' | 'unusable'): void =>
      health.note({ kind: 'end', candidate: candidate.id, result, generation })
    let isTold = false
    const tellSpeed = (ms: number, late: boolean, beaten = false): void => {
      if (isTold) return
      isTold = true
      health.note({
        kind: 'first-output',
        candidate: candidate.id,
        route: call.route.name,
        origin: call.origin,
        ms,
        late,
        beaten,
        promptSize: call.promptSize,
        directives: call.directives,
      })
      if (late) call.report()
    }
    // Unstreamed answers arrive when they are done: their time says how long they are, not how fast the provider is.
    const overdue = call.request.stream
      ? setTimeout(() => tellSpeed(candidate.ttfvtTargetMs, true), candidate.ttfvtTargetMs)
      : null

    const outcome = await inner(attempt, call)
    clearTimeout(overdue)
    if (call.request.stream) {
      const ms = (record.firstOutputAt ?? Date.now()) - record.startedAt
      if (outcome.ok) tellSpeed(ms, ms > candidate.ttfvtTargetMs)
      else if (outcome.failure.kind === 'timeout') tellSpeed(ms, true)
      // One that started no sooner than its winner has not proven slow.
      else if (outcome.failure.kind === 'beaten' && !LATE_STARTERS.has(record.reason))
        tellSpeed(ms, true, true)
    }
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

const LATE_STARTERS = new Set<AttemptReason>(['hedge', 'trickle'])

/** Tells once how a stream ended; one whose reader left before its end tells nothing. */
const watchEnd =
  (onEnd: (failure: Failure | null) => void): StreamLayer =>
  (events) => {
    let isTold = false
    return relay(events, async () => {
      const step = await events.next()
      const failure = step.done === true ? null : failureIn(step.value)
      if (isTold || (failure === null && step.done !== true)) return step
      isTold = true
      // Before it is handed on: whoever reads a failure may read no further.
      onEnd(failure)
      return step
    })
  }

function failureIn(batch: readonly StreamEvent[]): Failure | null {
  for (const { parts } of batch) for (const part of parts) if (part.kind === 'error') return part.failure
  return null
}
