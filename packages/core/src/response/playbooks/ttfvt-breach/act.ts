import { emptySummary } from '../../../summary.ts'
import type { Option, Strategy } from '../../decide.ts'
import type { Expectation } from '../../expectation.ts'
import { patternOf } from '../../outcomes.ts'
import type { PersonReason } from '../../person-reason.ts'
import { policyOf, signalOf, watchedOf, type ActionAttempt, type Incident, type Phase } from '../../state.ts'
import { execution, putIncident, putRecord, type Step } from '../../step.ts'
import { announce } from './announce.ts'
import { passedOverBy } from './attempt.ts'
import { considered } from './consider.ts'
import { leaseShares } from './lease-shares.ts'

/** Before anything was decided. */
export const NOBODY_YET: Phase = { kind: 'waiting-for-person', seen: emptySummary, reasons: [], keeper: null }

/** What a provider leads while half of its traffic has moved to somebody unknown. */
const HALF = 0.5

/** Analyses, decides, and acts or leaves it to a person. */
export function respondTo(step: Step, incident: Incident, now: number): Step {
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

export function act(step: Step, incident: Incident, option: Option, now: number): Step {
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
export const verification = ({ withinMs }: Expectation, now: number): Phase => ({
  kind: 'verifying',
  untilAt: now + withinMs,
  seen: emptySummary,
  wanting: false,
})
