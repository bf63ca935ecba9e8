import { emptySummary, mergeSummaries, type Summary } from '../../summary.ts'
import { endLease, noticeLease, setLease, shareLease, sharesOf } from '../act.ts'
import { analyze } from '../analyze.ts'
import { decide, wellBelowMs, type Option, type Strategy } from '../decide.ts'
import type { Expectation } from '../expectation.ts'
import { learn } from '../learn.ts'
import { patternOf, type Prior } from '../outcomes.ts'
import type { Ending } from '../oversee/briefing.ts'
import { noticeOf } from '../oversee/notice.ts'
import type { Observation } from '../observation.ts'
import { execution, putIncident, putRecord, tellPeople, type Step } from '../step.ts'
import {
  incidentOn,
  keyOf,
  policyOf,
  QUIET,
  signalOf,
  watchedOf,
  type ActionAttempt,
  type Incident,
  type Phase,
} from '../state.ts'
import type { PersonReason } from '../person-reason.ts'
import { isSpent, judge } from '../verify.ts'

/**
 * First tokens of a provider come late, again and again.
 *
 * By hand: find the provider in the briefing, move it to the end of its route's candidates in the configuration, deploy,
 * and move it back when its own status page says that it is well.
 */

/** Moving traffic away from a slow provider is known to work nearly always: 20 imagined successes say so. */
const PRIOR: Prior = { successes: 20, failures: 0 }

/** The part of its traffic that a provider leads while it comes back. */
const RETURN = [0.01, 0.05, 0.25] as const
/** What a provider leads while half of its traffic has moved to somebody unknown. */
const HALF = 0.5
/** No matter how often it relapses, it needs no more than so many times the usual good answers. */
const MOST_CAUTION = 8

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

/** Before anything was decided. */
const NOBODY_YET: Phase = { kind: 'waiting-for-person', seen: emptySummary, reasons: [], keeper: null }

/** Analyses, decides, and acts or leaves it to a person. */
function respondTo(step: Step, incident: Incident, now: number): Step {
  const { analysis, strategy } = considered(step, incident, now)
  const written = putRecord(putRecord(step, analysis), strategy)
  const { decision } = strategy
  return decision.kind === 'automatic'
    ? act(written, incident, decision.option, now)
    : waitForPerson(written, incident, strategy, decision.reasons, now)
}

function waitForPerson(
  step: Step,
  incident: Incident,
  strategy: Strategy,
  reasons: readonly PersonReason[],
  now: number,
): Step {
  const keeper = lesserEvil(step, incident)
  const waiting: Incident = {
    ...incident,
    phase: { kind: 'waiting-for-person', seen: emptySummary, reasons, keeper },
  }
  // Small questions are asked in any case: one whom no user is sent to could never be seen to be well.
  const leased = leaseShares(step, waiting, keeper === null ? 1 : 0, passedOverBy(waiting, keeper), now)
  const waited = putIncident(leased, waiting)
  return waiting.provenAt === null ? waited : announce(waited, waiting, strategy, now)
}

/** A slow answer is better than one that is slower still: the fastest of those that were tried, if it is the faster. */
function lesserEvil({ state }: Step, { route, candidate, attempts }: Incident): string | null {
  const averageOf = (one: string): number => signalOf(state, route, one).averageMs
  const candidates = watchedOf(state, route)?.candidates ?? []
  const [best] = attempts
    .map(({ to }) => to)
    .filter((to) => candidates.includes(to))
    .filter((to) => averageOf(to) > 0 && averageOf(to) < averageOf(candidate))
    .toSorted((a, b) => averageOf(a) - averageOf(b))
  return best ?? null
}

const passedOverBy = ({ attempts }: Incident, to: string | null): readonly string[] =>
  attempts.findLast((attempt) => attempt.to === to)?.passedOver ?? []

function considered(step: Step, incident: Incident, now: number) {
  const analysis = analyze(step.state, incident, now)
  return { analysis, strategy: decide(step.state, incident, analysis, PRIOR, now) }
}

function act(step: Step, incident: Incident, option: Option, now: number): Step {
  const { to, pace, passedOver, expectation } = option
  const halves = pace === 'by-halves'
  const moved = leaseShares(step, incident, halves ? HALF : 0, passedOver, now)
  const attempt: ActionAttempt = {
    action: 'switch-provider',
    to,
    passedOver,
    actedAt: now,
    version: moved.state.version,
    expectation,
    pattern: patternOf(step.state, incident.playbook, 'switch-provider'),
    result: 'pending',
    judgedAt: null,
  }
  const phase: Phase = halves
    ? { kind: 'moving', untilAt: now + policyOf(step.state).rampInMs }
    : verification(expectation, now)
  const acted: Incident = { ...incident, attempts: [...incident.attempts, attempt], phase }
  const written = execution(putIncident(moved, acted), acted, halves ? 'traffic-halved' : 'traffic-moved')
  return acted.provenAt === null ? written : announce(written, acted, null, now)
}

/** The time for it begins when all of the traffic has moved. */
const verification = ({ withinMs }: Expectation, now: number): Phase => ({
  kind: 'verifying',
  untilAt: now + withinMs,
  seen: emptySummary,
  wanting: false,
})

function leaseShares(
  step: Step,
  incident: Incident,
  cap: number,
  passedOver: readonly string[],
  now: number,
): Step {
  const policy = policyOf(step.state)
  const lease = {
    id: shareLease(incident),
    incident: incident.id,
    sets: { shares: sharesOf(incident, policy, cap, passedOver) },
    ms: policy.leaseMs,
    renewed: true,
  }
  return { ...step, state: setLease(step.state, lease, now) }
}

/** There is proof now: users and people on call are told, each once, and what they are told is kept true. */
export function prove(step: Step, incident: Incident, now: number): Step {
  if (incident.provenAt !== null) return step
  const proven: Incident = { ...incident, provenAt: now }
  const { analysis, strategy } = considered(step, proven, now)
  return announce(putRecord(putIncident(step, proven), analysis), proven, strategy, now)
}

function announce(step: Step, incident: Incident, strategy: Strategy | null, now: number): Step {
  const noticed = giveNotice(step, incident, now)
  const type = nextWord(incident)
  if (type === null) return noticed
  const told: Incident = { ...incident, told: type }
  const known = strategy ?? considered(noticed, incident, now).strategy
  return tellPeople(putIncident(noticed, told), told, `incident.${type}`, known, now)
}

/** What people have to hear now, if anything: each word once, and none that takes back a graver one in silence. */
function nextWord({ told, phase }: Incident): Exclude<Incident['told'], 'nothing'> | null {
  const needsPerson = phase.kind === 'waiting-for-person'
  switch (told) {
    case 'nothing':
      return needsPerson ? 'needs-person' : 'opened'
    case 'opened':
      return needsPerson ? 'needs-person' : null
    case 'needs-person':
      return needsPerson ? null : 'taken-over'
    case 'taken-over':
      return null
  }
}

/** A notice of something that is over needs no renewal: it fades by itself. */
function giveNotice(step: Step, incident: Incident, now: number): Step {
  const lease = {
    id: noticeLease(incident),
    incident: incident.id,
    sets: { notices: [noticeOf(incident)] },
    ms: policyOf(step.state).leaseMs,
    renewed: incident.restoredAt === null,
  }
  return { ...step, state: setLease(step.state, lease, now) }
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

function waitOn(
  step: Step,
  incident: Incident,
  phase: Waiting,
  { origin, summary }: Observation,
  now: number,
): Step {
  const policy = policyOf(step.state)
  const expectation = {
    metric: 'ttfvt-p95',
    belowMs: wellBelowMs(step.state, policy, incident, incident.candidate),
    withinMs: 0,
    samples: policy.restoredSamples,
  } as const
  // As long as users are with it, they say whether it is well; small questions only speak where nobody else can.
  const tells = origin === 'gateway' || phase.keeper !== null
  const seen = tells ? mergeSummaries(phase.seen, summary) : phase.seen
  if (judge(expectation, seen, false, false) === 'restored') {
    const well: Incident = { ...incident, restoredAt: now }
    return phase.keeper === null
      ? close(step, well, 'well-by-itself', now)
      : returnFurther(step, well, 0, now)
  }
  // Somebody may have become well in the meantime.
  const { analysis, strategy } = considered(step, incident, now)
  if (strategy.decision.kind === 'automatic') {
    return act(putRecord(putRecord(step, analysis), strategy), incident, strategy.decision.option, now)
  }
  const left = isSpent(expectation, seen) ? emptySummary : seen
  return putPhase(step, incident, { ...phase, seen: left }).step
}

function moveTheRest(step: Step, incident: Incident, now: number): Step {
  const attempt = attemptOf(incident)
  if (attempt === undefined || incident.phase.kind !== 'moving') return step
  const moved = leaseShares(step, incident, 0, attempt.passedOver, now)
  // From here on: while half of the traffic stayed, half of it was slow.
  const whole = withAttempt(incident, { ...attempt, version: moved.state.version })
  const next = putPhase(moved, whole, verification(attempt.expectation, now))
  return execution(next.step, next.incident, 'traffic-moved')
}

function verify(step: Step, incident: Incident, now: number): Step {
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
function lateVerdict(step: Step, incident: Incident, observation: Observation, now: number): Step {
  const attempt = attemptOf(incident)
  if (attempt?.result !== 'unknown' || incident.restoredAt !== null) return step
  const isWell = observation.candidate === attempt.to && observation.summary.late === 0
  if (!isWell || observation.directives < attempt.version) return step
  const restored: Incident = { ...incident, restoredAt: now }
  const next = putIncident(step, restored)
  return restored.provenAt === null ? next : giveNotice(next, restored, now)
}

/** It did not help: what was set is taken back, and the next best is tried. */
function tryNext(step: Step, incident: Incident, now: number): Step {
  const ended = { ...step, state: endLease(step.state, shareLease(incident), now) }
  return respondTo(execution(ended, incident, 'not-restored'), incident, now)
}

function countGood(step: Step, incident: Incident, before: number, summary: Summary, now: number): Step {
  const good = summary.late === 0 ? before + summary.count : 0
  const caution = Math.min(2 ** incident.relapses, MOST_CAUTION)
  if (good >= policyOf(step.state).recoveredAfter * caution) return returnFurther(step, incident, 0, now)
  return putPhase(step, incident, { kind: 'holding', goodInARow: good }).step
}

/** One step further on the way back; after the last one the traffic is its own again. */
function returnFurther(step: Step, incident: Incident, to: number, now: number): Step {
  const cap = RETURN[to]
  const attempt = attemptOf(incident)
  if (cap === undefined || attempt === undefined) return close(step, incident, 'returned', now)
  const moved = leaseShares(step, incident, cap, attempt.passedOver, now)
  const untilAt = now + policyOf(step.state).failBackStepMs
  const next = putPhase(moved, incident, { kind: 'failing-back', step: to, untilAt, seen: emptySummary })
  return execution(next.step, next.incident, to === 0 ? 'return-began' : 'return-went-on')
}

function watchReturn(
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

/** Everything that was set is taken back, and what came of it is learnt. */
function close(step: Step, incident: Incident, ending: Ending, now: number): Step {
  const { [incident.id]: _closed, ...incidents } = step.state.incidents
  const key = keyOf(incident.route, incident.candidate)
  const calm = { ...signalOf(step.state, incident.route, incident.candidate), edge: QUIET, browser: QUIET }
  const freed = endLease(endLease(step.state, shareLease(incident), now), noticeLease(incident), now)
  const { state, record } = learn(
    { ...freed, incidents, signals: { ...freed.signals, [key]: calm } },
    incident,
    now,
  )
  const closed = { ...step, state }
  const returned = ending === 'returned' ? execution(closed, incident, 'traffic-returned') : closed
  const written = putRecord(returned, record)
  return incident.told === 'nothing'
    ? written
    : tellPeople(written, incident, 'incident.closed', null, now, ending)
}

/** Takes an incident out that can't be handled, and leaves a line in the audit. */
export function setAside(step: Step, incident: Incident, now: number): Step {
  const { [incident.id]: _broken, ...incidents } = step.state.incidents
  const freed = endLease(endLease(step.state, shareLease(incident), now), noticeLease(incident), now)
  return execution({ ...step, state: { ...freed, incidents } }, incident, 'set-aside')
}

type Waiting = Extract<Phase, { kind: 'waiting-for-person' }>

const attemptOf = ({ attempts }: Incident): ActionAttempt | undefined => attempts.at(-1)

const withAttempt = (incident: Incident, attempt: ActionAttempt): Incident => ({
  ...incident,
  attempts: [...incident.attempts.slice(0, -1), attempt],
})

/** What was routed before an action says nothing about what came of it. */
function mergeWhenAfter(incident: Incident, seen: Summary, observation: Observation): Summary {
  const after = observation.directives >= (attemptOf(incident)?.version ?? Infinity)
  return after && observation.origin === 'gateway' ? mergeSummaries(seen, observation.summary) : seen
}

/** Where the one who took over is late itself, nobody can tell what moving there would have done. */
const isLateItself = ({ state }: Step, incident: Incident): boolean => {
  const to = attemptOf(incident)?.to
  const own = to === undefined ? undefined : incidentOn(state, incident.route, to)
  return own !== undefined && own.provenAt !== null
}

const judged = (incident: Incident, result: ActionAttempt['result'], now: number): Incident => {
  const attempt = attemptOf(incident)
  return attempt === undefined ? incident : withAttempt(incident, { ...attempt, result, judgedAt: now })
}

function putPhase(step: Step, incident: Incident, phase: Phase): { step: Step; incident: Incident } {
  const next: Incident = { ...incident, phase }
  return { step: putIncident(step, next), incident: next }
}
