import { endLease, noticeLease, shareLease } from '../../act.ts'
import { learn } from '../../learn.ts'
import type { Ending } from '../../oversee/briefing.ts'
import { keyOf, QUIET, signalOf, type Incident } from '../../state.ts'
import { execution, putRecord, tellPeople, type Step } from '../../step.ts'

/** Everything that was set is taken back, and what came of it is learnt. */
export function close(step: Step, incident: Incident, ending: Ending, now: number): Step {
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
