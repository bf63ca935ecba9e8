import type { ActionAttempt, Incident, Phase } from '../../state.ts'
import { putIncident, type Step } from '../../step.ts'

export const attemptOf = ({ attempts }: Incident): ActionAttempt | undefined => attempts.at(-1)

export const withAttempt = (incident: Incident, attempt: ActionAttempt): Incident => ({
  ...incident,
  attempts: [...incident.attempts.slice(0, -1), attempt],
})

export const judged = (incident: Incident, result: ActionAttempt['result'], now: number): Incident => {
  const attempt = attemptOf(incident)
  return attempt === undefined ? incident : withAttempt(incident, { ...attempt, result, judgedAt: now })
}

export function putPhase(step: Step, incident: Incident, phase: Phase): { step: Step; incident: Incident } {
  const next: Incident = { ...incident, phase }
  return { step: putIncident(step, next), incident: next }
}

export const passedOverBy = ({ attempts }: Incident, to: string | null): readonly string[] =>
  attempts.findLast((attempt) => attempt.to === to)?.passedOver ?? []
