import type { Analysis } from './analyze.ts'
import type { Strategy } from './decide.ts'
import type { Effect, Message } from './effect.ts'
import { brief, type Ending } from './oversee/briefing.ts'
import type { Learning } from './learn.ts'
import type { Incident, ResponseState } from './state.ts'

/** What was done, or came of it. */
export interface Execution {
  readonly stage: 'execution'
  readonly incident: string
  readonly attempt: number
  readonly what:
    | 'traffic-halved'
    | 'traffic-moved'
    | 'traffic-returned'
    | 'return-began'
    | 'return-went-on'
    | 'relapsed'
    | 'set-aside'
    | 'restored'
    | 'not-restored'
    | 'unknown'
  /** Version of the directives that say so, where any do. */
  readonly version: number
}

/** What people were told. */
export interface People {
  readonly stage: 'people'
  readonly incident: string
  readonly message: Message
}

/** Something from outside that was turned away, for whoever looks into the audit. */
export interface Refused {
  readonly stage: 'refused'
  readonly incident: null
  readonly what: string
  readonly source: string
  readonly reason: string | null
  readonly count: number
}

export type StageRecord = Analysis | Strategy | Execution | People | Learning | Refused

/** Where a reduction stands: the state so far, what is to be written down, and what is to be done. */
export interface Step {
  readonly state: ResponseState
  readonly records: readonly StageRecord[]
  readonly effects: readonly Effect[]
}

export const putIncident = (step: Step, incident: Incident): Step => ({
  ...step,
  state: { ...step.state, incidents: { ...step.state.incidents, [incident.id]: incident } },
})

export const putRecord = (step: Step, record: StageRecord): Step => ({
  ...step,
  records: [...step.records, record],
})

export const execution = (step: Step, incident: Incident, what: Execution['what']): Step =>
  putRecord(step, {
    stage: 'execution',
    incident: incident.id,
    attempt: incident.attempts.length,
    what,
    version: step.state.version,
  })

/** Tells people, once for each kind of message of an incident. */
export function tellPeople(
  step: Step,
  incident: Incident,
  type: Message['type'],
  strategy: Strategy | null,
  now: number,
  ending: Ending | null = null,
): Step {
  const message: Message = {
    type,
    incident: incident.id,
    briefing: brief(step.state, incident, strategy, ending, now),
  }
  const told = putRecord(step, { stage: 'people', incident: incident.id, message })
  return {
    ...told,
    effects: [...told.effects, { kind: 'notify', id: `${incident.id}:${type}`, message }],
  }
}
