import { endLease, shareLease } from '../../act.ts'
import type { Observation } from '../../observation.ts'
import { signalOf, watchedOf, type Incident } from '../../state.ts'
import { putIncident, putRecord, type Step } from '../../step.ts'
import { respondTo, NOBODY_YET } from './act.ts'
import { announce } from './announce.ts'
import { attemptOf, judged, putPhase } from './attempt.ts'
import { close } from './close.ts'
import { considered } from './consider.ts'
import { countGood, returnFurther, watchReturn } from './return.ts'
import { verify, moveTheRest, isLateItself, lateVerdict, tryNext, mergeWhenAfter } from './verify-attempt.ts'
import { waitOn } from './wait.ts'

/**
 * First tokens of a provider come late, again and again.
 *
 * By hand: find the provider in the briefing, move it to the end of its route's candidates in the configuration, deploy,
 * and move it back when its own status page says that it is well.
 */

/** Opens an incident: every one begins as a suspicion. */
export function suspect(step: Step, observation: Observation, now: number): Step {
  const { route, candidate, origin, summary } = observation
  const number = step.state.incidentsSoFar + 1
  const { run } = signalOf(step.state, route, candidate).edge.consecutive
  const incident: Incident = {
    // Receivers and pages remember ids for longer than a coordinator that lost its storage does.
    id: `incident-${step.state.epoch.toString(36)}-${number}`,
    playbook: 'ttfvt-breach',
    route,
    candidate,
    suspectedAt: now,
    provenAt: null,
    phase: NOBODY_YET,
    restoredAt: null,
    attempts: [],
    // This observation itself is counted when the incident is watched.
    lateAnswers: origin === 'gateway' ? Math.max(0, run - summary.late) : run,
    relapses: 0,
    told: 'nothing',
  }
  return respondTo({ ...step, state: { ...step.state, incidentsSoFar: number } }, incident, now)
}

/** There is proof now: users and people on call are told, each once, and what they are told is kept true. */
export function prove(step: Step, incident: Incident, now: number): Step {
  if (incident.provenAt !== null) return step
  const proven: Incident = { ...incident, provenAt: now }
  const { analysis, strategy } = considered(step, proven, now)
  return announce(putRecord(putIncident(step, proven), analysis), proven, strategy, now)
}

/** Reads what was seen on the route of an open incident. */
export function watch(step: Step, incident: Incident, observation: Observation, now: number): Step {
  const { origin, route, candidate, summary } = observation
  if (route !== incident.route || origin === 'browser') return step
  const isOwn = candidate === incident.candidate
  const hurt = isOwn && origin === 'gateway' ? summary.late : 0
  const current: Incident = { ...incident, lateAnswers: incident.lateAnswers + hurt }
  const counted = putIncident(step, current)
  const { phase } = current
  if ((phase.kind === 'moving' || phase.kind === 'verifying') && isLateItself(counted, current))
    return tryNext(counted, judged(current, 'unknown', now), now)
  switch (phase.kind) {
    case 'waiting-for-person':
      return isOwn ? waitOn(counted, current, phase, observation, now) : counted
    case 'moving': {
      // One good answer from whoever takes over, and the rest may follow.
      const isWell = candidate === attemptOf(current)?.to && summary.late < summary.count
      return isWell ? moveTheRest(counted, current, now) : counted
    }
    case 'verifying': {
      const seen = mergeWhenAfter(current, phase.seen, observation)
      const next = putPhase(counted, current, { ...phase, seen })
      return verify(next.step, next.incident, now)
    }
    case 'holding':
      return isOwn
        ? countGood(counted, current, phase.goodInARow, summary, now)
        : lateVerdict(counted, current, observation, now)
    case 'failing-back':
      return isOwn ? watchReturn(counted, current, phase, summary, now) : counted
  }
}

/** Lets time pass for an incident. */
export function elapse(step: Step, incident: Incident, now: number): Step {
  const { phase } = incident
  switch (phase.kind) {
    case 'waiting-for-person':
    case 'holding':
      return step
    case 'moving':
      return now >= phase.untilAt ? moveTheRest(step, incident, now) : step
    case 'verifying':
      return verify(step, incident, now)
    case 'failing-back':
      return now >= phase.untilAt ? returnFurther(step, incident, phase.step + 1, now) : step
  }
}

/** Who has left the configuration can neither be late nor take over. */
export function reconfigure(step: Step, incident: Incident, now: number): Step {
  const candidates = watchedOf(step.state, incident.route)?.candidates ?? []
  if (!candidates.includes(incident.candidate)) return close(step, incident, 'removed', now)
  const attempt = attemptOf(incident)
  const stands = attempt === undefined || candidates.includes(attempt.to)
  if (stands) return step
  const known = attempt.result === 'pending' ? judged(incident, 'unknown', now) : incident
  const left: Incident = { ...known, restoredAt: null }
  return respondTo({ ...step, state: endLease(step.state, shareLease(left), now) }, left, now)
}

/** When an incident wants to be looked at even if nothing is seen. */
export const incidentDueAt = ({ phase }: Incident): number => ('untilAt' in phase ? phase.untilAt : Infinity)
