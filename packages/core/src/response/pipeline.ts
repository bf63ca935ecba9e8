import type { Settings, Incident, ResponseState } from './state.ts'
import { incidentOn, keyOf, signalOf, watchedOf } from './state.ts'
import { keepLeases, leasesDueAt } from './act.ts'
import type { Effect } from './effect.ts'
import type { Observation, Report } from './observation.ts'
import {
  elapse,
  incidentDueAt,
  prove,
  reconfigure,
  suspect,
  watch,
} from './playbooks/ttfvt-breach/playbook.ts'
import { setAside } from './playbooks/ttfvt-breach/close.ts'
import { recordObservation } from './signal.ts'
import { putRecord, type StageRecord, type Step } from './step.ts'

/** Everything that can happen to the response. The journal holds these, and these alone rebuild its state. */
export type Input =
  /** What is to be watched, and how: told at the start and whenever it has changed. */
  | { readonly kind: 'configured'; readonly settings: Settings; readonly epoch: number }
  /** What a writer of summaries saw. */
  | { readonly kind: 'reported'; readonly report: Report }
  /** Time has passed. */
  | { readonly kind: 'elapsed' }

/**
 * The response as a reducer: what happened, at what time, leads to another state, to records of what was thought and
 * done, and to effects that are still to be carried out. Pure: the same inputs give the same state, records and effects.
 *
 * @param now epoch ms; never before that of the input before
 */
export function respond(
  state: ResponseState,
  input: Input,
  now: number,
): { state: ResponseState; records: readonly StageRecord[]; effects: readonly Effect[] } {
  const begun: Step = { state, records: [], effects: [] }
  const { state: next, records, effects } = keep(takeIn(passTime(begun, now), input, now), now)
  if (next.version === state.version) return { state: next, records, effects }
  const publish: Effect = { kind: 'publish', id: `publish:${next.version}`, version: next.version }
  return { state: next, records, effects: [publish, ...effects] }
}

/** When the response wants to hear that time has passed, in epoch ms. */
export function dueAt(state: ResponseState): number {
  return Math.min(leasesDueAt(state), ...Object.values(state.incidents).map(incidentDueAt))
}

const passTime = (step: Step, now: number): Step =>
  Object.values(step.state.incidents).reduce(
    (before, incident) => guarded(before, incident, () => elapse(before, incident, now), now),
    step,
  )

/** A bug in the handling of one incident must not stop that of all others: it is set aside, with all that it had set. */
function guarded(step: Step, incident: Incident, handle: () => Step, now: number): Step {
  try {
    return handle()
  } catch {
    return setAside(step, incident, now)
  }
}

const keep = (step: Step, now: number): Step => ({ ...step, state: keepLeases(step.state, now) })

function takeIn(step: Step, input: Input, now: number): Step {
  switch (input.kind) {
    case 'configured':
      return takeSettings(step, input.settings, input.epoch, now)
    case 'reported':
      return takeReport(step, input.report, now)
    case 'elapsed':
      return step
  }
}

function takeSettings(step: Step, settings: Settings, epoch: number, now: number): Step {
  const told: Step = { ...step, state: { ...step.state, settings, epoch } }
  return Object.values(told.state.incidents).reduce((before, one) => reconfigure(before, one, now), told)
}

function takeReport(step: Step, report: Report, now: number): Step {
  const { from, sequence, shares, observations, refusals } = report
  if (sequence <= (step.state.heard[from] ?? -1)) return step
  const heard: ResponseState = {
    ...step.state,
    heard: { ...step.state.heard, [from]: sequence },
    shares: { ...step.state.shares, ...shares },
  }
  const audited = refusals.reduce(
    (before, { what, source, reason, count }) =>
      putRecord(before, { stage: 'refused', incident: null, what, source, reason: reason ?? null, count }),
    { ...step, state: heard },
  )
  return observations.reduce((before, observation) => observe(before, observation, now), audited)
}

function observe(step: Step, observation: Observation, now: number): Step {
  const { settings } = step.state
  const { route, candidate } = observation
  // Those that have left the configuration are nobody's concern any more.
  if (settings === null || watchedOf(step.state, route)?.candidates.includes(candidate) !== true) return step
  const policy = settings.playbooks['ttfvt-breach']
  const open = incidentOn(step.state, route, candidate)
  const before = signalOf(step.state, route, candidate)
  const { signal, suspicion } = recordObservation(before, observation, policy, now, open === undefined)
  const signals = { ...step.state.signals, [keyOf(route, candidate)]: signal }
  const noted: Step = { ...step, state: { ...step.state, signals } }
  const opened = suspicion === 'none' || open !== undefined ? noted : suspect(noted, observation, now)
  const incident = incidentOn(opened.state, route, candidate)
  const proven = suspicion === 'proof' && incident !== undefined ? prove(opened, incident, now) : opened
  return onRoute(proven, route).reduce((at, one) => watchCurrent(at, one, observation, now), proven)
}

const onRoute = (step: Step, route: string): readonly Incident[] =>
  Object.values(step.state.incidents).filter((incident) => incident.route === route)

/** As it stands by now: what was seen may have moved it on already. */
function watchCurrent(step: Step, { id }: Incident, observation: Observation, now: number): Step {
  const current = step.state.incidents[id]
  return current === undefined
    ? step
    : guarded(step, current, () => watch(step, current, observation, now), now)
}
