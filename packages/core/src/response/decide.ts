import type { TtfvtBreachPolicy } from '../config/schema.ts'
import type { Analysis, OtherState } from './analyze.ts'
import { betaQuantile } from './beta.ts'
import { patternOf, type Prior } from './outcomes.ts'
import { signalOf, type Incident, type ResponseState } from './state.ts'
import { quantileMs } from '../summary.ts'
import type { Expectation } from './expectation.ts'

/** What to do about it, what was turned down and why, and what it has to bring about. */
export interface Strategy {
  readonly stage: 'strategy'
  readonly incident: string
  readonly attempt: number
  readonly decision:
    | { readonly kind: 'automatic'; readonly option: Option }
    | { readonly kind: 'person'; readonly reasons: readonly PersonReason[] }
  readonly rejected: readonly { readonly option: string; readonly reason: string }[]
  /** Chance that the action works: what was learnt, on top of what the playbook assumes. */
  readonly confidence: { readonly lowerBound: number; readonly needed: number; readonly seen: number }
}

export interface Option {
  readonly action: 'switch-provider'
  readonly to: string
  /** Everything at once, or half of it until the first sign that it is well there. */
  readonly pace: 'at-once' | 'by-halves'
  readonly expectation: Expectation
}

/** Why a person has to decide. */
export type PersonReason = 'no-alternative' | 'unknown-pattern' | 'not-measurable'

/** A low-risk action may act by itself where it works at least this often, with 95 % certainty. */
const NEEDED = 0.8

/** Fails closed: whatever isn't known to be safe is left to a person. */
export function decide(state: ResponseState, incident: Incident, analysis: Analysis, prior: Prior): Strategy {
  const { attempts, route } = incident
  const policy = state.settings?.playbooks['ttfvt-breach']
  const tried = new Set(attempts.map(({ to }) => to))
  const open = analysis.others.filter(
    (other) => !tried.has(other.candidate) && ELIGIBLE[other.state] === null,
  )
  const [best] = open.toSorted(
    (a, b) =>
      Number(a.state !== 'fresh') - Number(b.state !== 'fresh') ||
      (a.state === 'fresh' ? averageOf(state, route, a) - averageOf(state, route, b) : 0),
  )
  const tally = state.outcomes[patternOf(state, incident.playbook, 'switch-provider')]
  const lowerBound = betaQuantile(
    prior.successes + (tally?.successes ?? 0) + 1,
    prior.failures + (tally?.failures ?? 0) + 1,
    0.05,
  )
  const reasons: PersonReason[] = []
  if (best === undefined) reasons.push('no-alternative')
  if (lowerBound < NEEDED) reasons.push('unknown-pattern')
  if (policy === undefined) reasons.push('not-measurable')
  const isAutomatic = best !== undefined && policy !== undefined && reasons.length === 0
  return {
    stage: 'strategy',
    incident: incident.id,
    attempt: attempts.length,
    decision: isAutomatic
      ? {
          kind: 'automatic',
          option: {
            action: 'switch-provider',
            to: best.candidate,
            pace: best.state === 'fresh' ? 'at-once' : 'by-halves',
            expectation: {
              metric: 'ttfvt-p95',
              belowMs: wellBelowMs(state, policy, route, best.candidate),
              withinMs: policy.restoredWithinMs,
              samples: policy.restoredSamples,
            },
          },
        }
      : { kind: 'person', reasons },
    rejected: analysis.others
      .filter((other) => other !== best)
      .map((other) => ({
        option: `switch to ${other.candidate}`,
        reason: tried.has(other.candidate)
          ? 'tried already: it did not help'
          : (ELIGIBLE[other.state] ?? 'another one is known to be faster'),
      })),
    confidence: {
      lowerBound,
      needed: NEEDED,
      seen: (tally?.successes ?? 0) + (tally?.failures ?? 0),
    },
  }
}

/** Why a candidate in that state can't take over; null where it can. */
const ELIGIBLE: Readonly<Record<OtherState, string | null>> = {
  fresh: null,
  stale: null,
  late: 'its last first token was late, too',
  out: 'its breaker is open',
  'in-trouble': 'it has an incident of its own',
}

const averageOf = (state: ResponseState, route: string, { candidate }: { candidate: string }): number =>
  signalOf(state, route, candidate).averageMs

/** What a candidate's 95th percentile has to be below for all to be well: nobody can be faster than on a usual day. */
export const wellBelowMs = (
  state: ResponseState,
  policy: TtfvtBreachPolicy,
  route: string,
  candidate: string,
): number => Math.max(policy.restoredBelowMs, 1.1 * usualMs(state, route, candidate))

function usualMs(state: ResponseState, route: string, candidate: string): number {
  const { usual } = signalOf(state, route, candidate)
  const p95 = usual.count < ENOUGH_TO_TELL ? null : quantileMs(usual, 0.95)
  return p95 === null || !Number.isFinite(p95) ? 0 : p95
}

const ENOUGH_TO_TELL = 100
