import type { TtfvtBreachPolicy } from '../config/schema.ts'
import type { Analysis, OtherState } from './analyze.ts'
import { betaQuantile } from './beta.ts'
import { patternOf, tallyOf, type Prior } from './outcomes.ts'
import type { PersonReason } from './person-reason.ts'
import {
  policyOf,
  signalOf,
  watchedOf,
  type ActionAttempt,
  type Incident,
  type ResponseState,
} from './state.ts'
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
  /** On a route of strict order: those who stand before it and can't take over. */
  readonly passedOver: readonly string[]
  /** Everything at once, or half of it until the first sign that it is well there. */
  readonly pace: 'at-once' | 'by-halves'
  readonly expectation: Expectation
}

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
  const policy = policyOf(state)
  const tried = recentlyTried(incident, TRY_AGAIN * policy.restoredWithinMs, now)
  const best = choose(state, incident, analysis, tried)
  const tally = tallyOf(state, patternOf(state, incident.playbook, 'switch-provider'), now)
  const lowerBound = betaQuantile(
    prior.successes + tally.successes + 1,
    prior.failures + tally.failures + 1,
    0.05,
  )
  const isKnown = lowerBound >= NEEDED
  return {
    stage: 'strategy',
    incident: incident.id,
    attempt: incident.attempts.length,
    decision:
      best !== undefined && isKnown
        ? { kind: 'automatic', option: optionOf(state, incident, analysis, best) }
        : {
            kind: 'person',
            reasons: [
              ...(best === undefined ? (['no-alternative'] as const) : []),
              ...(isKnown ? [] : (['unknown-pattern'] as const)),
            ],
          },
    rejected: analysis.others.flatMap((other) => {
      const reason = whyNot(other, tried.get(other.candidate), other === best, isKnown)
      return reason === null ? [] : [{ option: `switch to ${other.candidate}`, reason }]
    }),
    confidence: { lowerBound, needed: NEEDED, seen: tally.successes + tally.failures },
  }
}

type Other = Analysis['others'][number]

/** What came of those that were tried of late. */
function recentlyTried(
  { attempts }: Incident,
  againMs: number,
  now: number,
): ReadonlyMap<string, ActionAttempt['result']> {
  const recent = attempts.filter(({ judgedAt }) => judgedAt === null || now - judgedAt < againMs)
  return new Map(recent.map(({ to, result }) => [to, result]))
}

/** By their configured order where that is strict; else those who are known to be well first, the fastest of them. */
function choose(
  state: ResponseState,
  { route }: Incident,
  { others }: Analysis,
  tried: ReadonlyMap<string, unknown>,
): Other | undefined {
  const open = others.filter(({ candidate, state: how }) => !tried.has(candidate) && INELIGIBLE[how] === null)
  if (watchedOf(state, route)?.order === 'strict') return open[0]
  const averageOf = ({ candidate }: Other): number => signalOf(state, route, candidate).averageMs
  const [fastest] = open
    .filter(({ state: how }) => how === 'fresh')
    .toSorted((a, b) => averageOf(a) - averageOf(b))
  return fastest ?? open[0]
}

function optionOf(state: ResponseState, incident: Incident, { others }: Analysis, best: Other): Option {
  const policy = policyOf(state)
  const strict = watchedOf(state, incident.route)?.order === 'strict'
  const before = strict ? others.slice(0, others.indexOf(best)) : []
  return {
    action: 'switch-provider',
    to: best.candidate,
    // Those with an incident of their own are out of the way already.
    passedOver: before.filter(({ state: how }) => how !== 'in-trouble').map(({ candidate }) => candidate),
    pace: best.state === 'fresh' ? 'at-once' : 'by-halves',
    expectation: {
      metric: 'ttfvt-p95',
      belowMs: wellBelowMs(state, policy, incident, best.candidate),
      withinMs: policy.restoredWithinMs,
      samples: policy.restoredSamples,
    },
  }
}

/** Why it isn't done; null for what is being done, or was and helped. */
function whyNot(
  { state: how }: Other,
  result: ActionAttempt['result'] | undefined,
  isBest: boolean,
  isKnown: boolean,
): string | null {
  if (result === 'pending' || result === 'restored') return null
  if (result === 'not-restored') return 'tried already: it did not help'
  if (result === 'unknown') return 'tried already: nobody can tell whether it helped'
  if (isBest) return isKnown ? null : 'left to you: of late it has helped too seldom to be done without you'
  return INELIGIBLE[how] ?? 'another one comes first'
}

/** Why a candidate in that state can't take over; null where it can. */
const INELIGIBLE: Readonly<Record<OtherState, string | null>> = {
  fresh: null,
  stale: null,
  late: 'its last first token was late, too',
  out: 'its breaker is open',
  'in-trouble': 'it has an incident of its own',
}

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
