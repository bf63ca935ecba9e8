import { emptySummary, mergeSummaries } from '../../../summary.ts'
import { wellBelowMs } from '../../decide.ts'
import type { Observation } from '../../observation.ts'
import { policyOf, type Incident, type Phase } from '../../state.ts'
import { putRecord, type Step } from '../../step.ts'
import { isSpent, judge } from '../../verify.ts'
import { act } from './act.ts'
import { putPhase } from './attempt.ts'
import { close } from './close.ts'
import { considered } from './consider.ts'
import { returnFurther } from './return.ts'

type Waiting = Extract<Phase, { kind: 'waiting-for-person' }>

export function waitOn(
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
