import { noticeLease, setLease } from '../../act.ts'
import type { Strategy } from '../../decide.ts'
import { noticeOf } from '../../oversee/notice.ts'
import { policyOf, type Incident } from '../../state.ts'
import { putIncident, tellPeople, type Step } from '../../step.ts'
import { considered } from './consider.ts'

export function announce(step: Step, incident: Incident, strategy: Strategy | null, now: number): Step {
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
export function giveNotice(step: Step, incident: Incident, now: number): Step {
  const lease = {
    id: noticeLease(incident),
    incident: incident.id,
    sets: { notices: [noticeOf(incident)] },
    ms: policyOf(step.state).leaseMs,
    renewed: incident.restoredAt === null,
  }
  return { ...step, state: setLease(step.state, lease, now) }
}
