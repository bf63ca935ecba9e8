import { patternOf, tallyOf } from './outcomes.ts'
import type { Incident, ResponseState, Tally } from './state.ts'

/** What came of an incident: the last record of it, and what the next one is decided by. */
export interface Learning {
  readonly stage: 'learning'
  readonly incident: string
  readonly proven: boolean
  /** By action, in the order in which they were tried. */
  readonly results: readonly {
    readonly action: string
    readonly to: string
    readonly expectedBelowMs: number
    readonly result: 'restored' | 'not-restored' | 'unknown'
  }[]
  readonly suspectedAt: number
  readonly restoredAt: number | null
  readonly closedAt: number
  readonly lateAnswers: number
  readonly relapses: number
  readonly pattern: string
  readonly tally: Tally
}

/**
 * Outcomes that could not be told teach nothing, and are never counted as good. Neither does a suspicion that was never
 * proven: where nothing was wrong, anything would have helped.
 */
export function learn(
  state: ResponseState,
  incident: Incident,
  now: number,
): { state: ResponseState; record: Learning } {
  const pattern = incident.attempts.at(-1)?.pattern ?? patternOf(state, incident.playbook, 'switch-provider')
  const before = tallyOf(state, pattern, now)
  const counted = incident.provenAt === null ? [] : incident.attempts.filter((one) => one.pattern === pattern)
  const count = (result: string): number => counted.filter((attempt) => attempt.result === result).length
  const tally = {
    successes: before.successes + count('restored'),
    // One incident is one lesson, however many were tried in it.
    failures: before.failures + Math.min(1, count('not-restored')),
    at: now,
  }
  const record: Learning = {
    stage: 'learning',
    incident: incident.id,
    proven: incident.provenAt !== null,
    results: incident.attempts.map(({ action, to, expectation, result }) => ({
      action,
      to,
      expectedBelowMs: expectation.belowMs,
      result: result === 'pending' ? 'unknown' : result,
    })),
    suspectedAt: incident.suspectedAt,
    restoredAt: incident.restoredAt,
    closedAt: now,
    lateAnswers: incident.lateAnswers,
    relapses: incident.relapses,
    pattern,
    tally,
  }
  return { state: { ...state, outcomes: { ...state.outcomes, [pattern]: tally } }, record }
}
