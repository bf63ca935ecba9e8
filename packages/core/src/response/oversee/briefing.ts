import { patternOf, tallyOf } from '../outcomes.ts'
import { signalOf, type Incident, type ResponseState } from '../state.ts'
import type { Strategy } from '../decide.ts'

/** What a person needs to know who was asleep a minute ago. Built from facts alone, the same every time. */
export interface Briefing {
  readonly incident: string
  readonly headline: string
  readonly what: string
  readonly since: { readonly at: number; readonly agoMs: number }
  readonly affected: { readonly route: string; readonly candidate: string; readonly lateAnswers: number }
  readonly done: readonly string[]
  /** What else could be done, and why it was not. */
  readonly options: readonly { readonly option: string; readonly reason: string }[]
  readonly similar: string
  readonly nextStep: string
}

export function brief(
  state: ResponseState,
  incident: Incident,
  strategy: Strategy | null,
  ending: Ending | null,
  now: number,
): Briefing {
  const { id, route, candidate, suspectedAt, lateAnswers, attempts, phase, restoredAt } = incident
  const { averageMs } = signalOf(state, route, candidate)
  const tally = tallyOf(state, patternOf(state, incident.playbook, 'switch-provider'), now)
  const before = Math.round(tally.successes + tally.failures)
  return {
    incident: id,
    headline: headline(incident, ending, isCapped(state, incident)),
    what: `First tokens of ${candidate} on the route ${route} come late; the last ones took ${Math.round(averageMs)} ms on average.`,
    since: { at: suspectedAt, agoMs: now - suspectedAt },
    affected: { route, candidate, lateAnswers },
    done: attempts.map(
      ({ to, expectation, result }) =>
        `Moved the traffic to ${to}, expecting a 95th percentile below ${Math.round(expectation.belowMs)} ms within ${seconds(expectation.withinMs)}: ${RESULTS[result]}.`,
    ),
    options: strategy?.rejected ?? [],
    similar:
      before === 0
        ? 'Nothing of the kind has been concluded under these settings before; the playbook’s own assumptions were used.'
        : `Under these settings switching has helped in ${Math.round(tally.successes)} of ${before} cases of late.`,
    nextStep: ending === null ? nextStep(phase, restoredAt) : AFTERWARDS[ending],
  }
}

/** How an incident came to its end. */
export type Ending =
  /** Its traffic was given back, step by step. */
  | 'returned'
  /** It became well where it was. */
  | 'well-by-itself'
  /** It has left the configuration. */
  | 'removed'

const AFTERWARDS: Readonly<Record<Ending, string>> = {
  returned: 'None: everything that was set has been taken back, and what came of it is remembered.',
  'well-by-itself': 'None: nothing is set for it any more.',
  removed: 'None: what had been set for it has been taken back.',
}

function nextStep(phase: Incident['phase'], restoredAt: number | null): string {
  if (phase.kind === 'waiting-for-person') {
    return phase.reasons.includes('no-alternative')
      ? 'Decide: raise the limits of another provider, add one to the route, or accept slow answers until this one is well.'
      : 'Decide: switching has helped too seldom of late to be done without you. The options say what could be done.'
  }
  return restoredAt === null
    ? 'None for you: the outcome is being measured.'
    : 'None for you: its traffic comes back by steps once small questions are answered in time.'
}

/** Whether another incident has it make room for somebody. */
const isCapped = ({ leases }: ResponseState, { route, candidate }: Incident): boolean =>
  leases.some(({ sets }) => (sets.shares?.[route]?.[candidate]?.cap ?? 1) < 1)

function headline(
  { route, candidate, phase, restoredAt }: Incident,
  ending: Ending | null,
  capped: boolean,
): string {
  if (ending === 'returned') {
    return capped
      ? `Over: ${candidate} is well again, and makes room on ${route} for another one meanwhile.`
      : `Over: answers on ${route} start in time, and ${candidate} has its traffic back.`
  }
  if (ending === 'well-by-itself')
    return `Over: answers of ${candidate} on ${route} start in time again, by themselves.`
  if (ending === 'removed') return `Over: ${candidate} no longer answers on ${route}.`
  if (phase.kind === 'waiting-for-person') {
    if (phase.keeper !== null)
      return `Answers on ${route} start late: ${candidate} is slow, and ${phase.keeper}, which took over, is late, too.`
    return phase.reasons.includes('no-alternative')
      ? `Answers on ${route} start late, and nobody is there to take over from ${candidate}.`
      : `Answers on ${route} start late because of ${candidate}; whether to switch is for you to decide.`
  }
  return restoredAt === null
    ? `Answers on ${route} start late because of ${candidate}; the traffic is moving.`
    : `Answers on ${route} start in time again; ${candidate}, which was late, is being watched.`
}

const RESULTS = {
  pending: 'not yet known',
  restored: 'it did',
  'not-restored': 'it did not',
  unknown: 'nobody can tell',
} as const

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`
