import { emptySummary, mergeSummaries, type Summary } from '../../../summary.ts'
import { policyOf, type Incident, type Phase } from '../../state.ts'
import { execution, putIncident, type Step } from '../../step.ts'
import { attemptOf, putPhase } from './attempt.ts'
import { close } from './close.ts'
import { leaseShares } from './lease-shares.ts'

/** The part of its traffic that a provider leads while it comes back. */
const RETURN = [0.01, 0.05, 0.25] as const

/** No matter how often it relapses, it needs no more than so many times the usual good answers. */
const MOST_CAUTION = 8

export function countGood(
  step: Step,
  incident: Incident,
  before: number,
  summary: Summary,
  now: number,
): Step {
  const good = summary.late === 0 ? before + summary.count : 0
  const caution = Math.min(2 ** incident.relapses, MOST_CAUTION)
  if (good >= policyOf(step.state).recoveredAfter * caution) return returnFurther(step, incident, 0, now)
  return putPhase(step, incident, { kind: 'holding', goodInARow: good }).step
}

/** One step further on the way back; after the last one the traffic is its own again. */
export function returnFurther(step: Step, incident: Incident, to: number, now: number): Step {
  const cap = RETURN[to]
  const attempt = attemptOf(incident)
  if (cap === undefined || attempt === undefined) return close(step, incident, 'returned', now)
  const moved = leaseShares(step, incident, cap, attempt.passedOver, now)
  const untilAt = now + policyOf(step.state).failBackStepMs
  const next = putPhase(moved, incident, { kind: 'failing-back', step: to, untilAt, seen: emptySummary })
  return execution(next.step, next.incident, to === 0 ? 'return-began' : 'return-went-on')
}

export function watchReturn(
  step: Step,
  incident: Incident,
  phase: Extract<Phase, { kind: 'failing-back' }>,
  summary: Summary,
  now: number,
): Step {
  const attempt = attemptOf(incident)
  const seen = mergeSummaries(phase.seen, summary)
  const isLate = seen.longest >= 2
  if (!isLate || attempt === undefined) return putPhase(step, incident, { ...phase, seen }).step
  const moved = leaseShares(step, incident, 0, attempt.passedOver, now)
  const relapsed: Incident = {
    ...incident,
    relapses: incident.relapses + 1,
    phase: { kind: 'holding', goodInARow: 0 },
  }
  return execution(putIncident(moved, relapsed), relapsed, 'relapsed')
}
