import { emptySummary, mergeSummaries, type Summary } from '../../../summary.ts'
import { endLease, shareLease } from '../../act.ts'
import type { Observation } from '../../observation.ts'
import { incidentOn, type Incident } from '../../state.ts'
import { execution, putIncident, type Step } from '../../step.ts'
import { isSpent, judge } from '../../verify.ts'
import { verification, respondTo } from './act.ts'
import { giveNotice } from './announce.ts'
import { attemptOf, withAttempt, judged, putPhase } from './attempt.ts'
import { leaseShares } from './lease-shares.ts'

export function moveTheRest(step: Step, incident: Incident, now: number): Step {
  const attempt = attemptOf(incident)
  if (attempt === undefined || incident.phase.kind !== 'moving') return step
  const moved = leaseShares(step, incident, 0, attempt.passedOver, now)
  // From here on: while half of the traffic stayed, half of it was slow.
  const whole = withAttempt(incident, { ...attempt, version: moved.state.version })
  const next = putPhase(moved, whole, verification(attempt.expectation, now))
  return execution(next.step, next.incident, 'traffic-moved')
}

export function verify(step: Step, incident: Incident, now: number): Step {
  const attempt = attemptOf(incident)
  if (attempt === undefined || incident.phase.kind !== 'verifying') return step
  const { seen, wanting, untilAt } = incident.phase
  const judgement = judge(attempt.expectation, seen, wanting, now >= untilAt)
  if (judgement === 'too-early') {
    if (!isSpent(attempt.expectation, seen)) return step
    return putPhase(step, incident, { ...incident.phase, seen: emptySummary, wanting: true }).step
  }
  const done = judged(incident, judgement, now)
  if (judgement === 'not-restored') return tryNext(step, done, now)
  const held: Incident = {
    ...done,
    restoredAt: judgement === 'restored' ? now : null,
    phase: { kind: 'holding', goodInARow: 0 },
  }
  const written = execution(putIncident(step, held), held, judgement)
  return held.provenAt === null ? written : giveNotice(written, held, now)
}

/** Too few requests came in time to tell; those that come later still can. */
export function lateVerdict(step: Step, incident: Incident, observation: Observation, now: number): Step {
  const attempt = attemptOf(incident)
  if (attempt?.result !== 'unknown' || incident.restoredAt !== null) return step
  const isWell = observation.candidate === attempt.to && observation.summary.late === 0
  if (!isWell || observation.directives < attempt.version) return step
  const restored: Incident = { ...incident, restoredAt: now }
  const next = putIncident(step, restored)
  return restored.provenAt === null ? next : giveNotice(next, restored, now)
}

/** It did not help: what was set is taken back, and the next best is tried. */
export function tryNext(step: Step, incident: Incident, now: number): Step {
  const ended = { ...step, state: endLease(step.state, shareLease(incident), now) }
  return respondTo(execution(ended, incident, 'not-restored'), incident, now)
}

/** What was routed before an action says nothing about what came of it. */
export function mergeWhenAfter(incident: Incident, seen: Summary, observation: Observation): Summary {
  const after = observation.directives >= (attemptOf(incident)?.version ?? Infinity)
  return after && observation.origin === 'gateway' ? mergeSummaries(seen, observation.summary) : seen
}

/** Where the one who took over is late itself, nobody can tell what moving there would have done. */
export const isLateItself = ({ state }: Step, incident: Incident): boolean => {
  const to = attemptOf(incident)?.to
  const own = to === undefined ? undefined : incidentOn(state, incident.route, to)
  return own !== undefined && own.provenAt !== null
}
