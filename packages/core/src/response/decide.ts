import type { TtfvtBreachPolicy } from '../config/schema.ts'
import type { Analysis, OtherState } from './analyze.ts'
import { betaQuantile } from './beta.ts'
import { patternOf, tallyOf, type Prior } from './outcomes.ts'
import { signalOf, watchedOf, type Incident, type ResponseState } from './state.ts'
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

/** Who did not help is not tried again before so many times the window have passed: it may be well by then. */
const TRY_AGAIN = 10

/** Fails closed: whatever isn't known to be safe is left to a person. */
export function decide(
  state: ResponseState,
  incident: Incident,
  analysis: Analysis,
  prior: Prior,
  now: number,
): Strategy {
  const { attempts, route } = incident
  const policy = state.settings?.playbooks['ttfvt-breach']
  const againMs = TRY_AGAIN * (policy?.restoredWithinMs ?? Infinity)
  const recent = attempts.filter(({ judgedAt }) => judgedAt === null || now - judgedAt < againMs)
  const tried = new Set(recent.map(({ to }) => to))
  const open = analysis.others.filter(
    (other) => !tried.has(other.candidate) && ELIGIBLE[other.state] === null,
  )
  const [best] = open.toSorted(
    (a, b) =>
      Number(a.state !== 'fresh') - Number(b.state !== 'fresh') ||
      (a.state === 'fresh' ? averageOf(state, route, a) - averageOf(state, route, b) : 0),
  )
  const tally = tallyOf(state, patternOf(state, incident.playbook, 'switch-provider'), now)
  const lowerBound = betaQuantile(
    prior.successes + tally.successes + 1,
    prior.failures + tally.failures + 1,
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
              belowMs: wellBelowMs(state, policy, incident, best.candidate),
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
      seen: tally.successes + tally.failures,
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

/**
 * What the 95th percentile of whoever answers has to be below for users to be well: nobody can be faster than on a usual
 * day. Where nothing is known of that, users may expect what they had from the one that is late now; and where nothing
 * is known of that either, no more than that it isn't late.
 */
export function wellBelowMs(
  state: ResponseState,
  policy: TtfvtBreachPolicy,
  { route, candidate: late }: Incident,
  candidate: string,
): number {
  const usual = usualMs(state, route, candidate) ?? usualMs(state, route, late)
  const targets = watchedOf(state, route)?.targetsMs ?? {}
  // A model may be called 'constructor'.
  const target = (Object.hasOwn(targets, candidate) ? targets[candidate] : undefined) ?? 0
  return Math.max(policy.restoredBelowMs, usual === null ? target : 1.1 * usual)
}

function usualMs(state: ResponseState, route: string, candidate: string): number | null {
  const { usual } = signalOf(state, route, candidate)
  const p95 = usual.count < ENOUGH_TO_TELL ? null : quantileMs(usual, 0.95)
  return p95 === null || !Number.isFinite(p95) ? null : p95
}

const ENOUGH_TO_TELL = 100
