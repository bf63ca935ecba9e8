import { setLease, shareLease, sharesOf } from '../../act.ts'
import { policyOf, type Incident } from '../../state.ts'
import type { Step } from '../../step.ts'

export function leaseShares(
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
