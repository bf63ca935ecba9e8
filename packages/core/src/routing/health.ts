import { allowance, closedBreaker, leaseProbe, recordResult, tripped, type Breaker } from './breaker.ts'
import {
  evidenceForgiven,
  NO_EVIDENCE,
  seenByGateway,
  seenByPage,
  type BrowserEvidence,
} from './browser-evidence.ts'
import { leaseSpeedProbe, NO_BROWN_OUT, recordSpeed, relief, slowAbove, type BrownOut } from './brown-out.ts'
import { healthyP95sOf, learn, NO_LATENCY, p95For, unlearnt, type HealthyLatency } from './healthy-latency.ts'
import type { PromptSize } from './prompt-size.ts'

/**
 * The health of one candidate as its one writer keeps it: a soft share that follows its target, a breaker that follows
 * failures, and a brown-out that follows slowness beside its own healthy self. Everything that moves traffic for
 * reasons of health ends in one number, its share.
 */
export interface CandidateHealth {
  /** 0.01 to 1: what slowness has left of the share. */
  readonly soft: number
  /** First outputs seen since the soft share was last judged, and how many of them were too late. */
  readonly window: { readonly samples: number; readonly late: number }
  /** Whether the window before was late, too: one late window is chance, two in a row are a tired provider. */
  readonly lateBefore: boolean
  readonly breaker: Breaker
  readonly latency: HealthyLatency
  readonly brownOut: BrownOut
  readonly browser: BrowserEvidence
}

/** What an attempt reports: its latency as soon as the first output is there, its result at the end. */
export type Sample =
  | {
      readonly kind: 'first-output'
      readonly candidate: string
      readonly route: string
      /** A request of a user's, or a small question of our own. */
      readonly origin: 'gateway' | 'probe'
      /** From the attempt's start; where nothing came, how long it was waited for. */
      readonly ms: number
      readonly late: boolean
      /** It was given up because a later attempt elsewhere spoke first: it is slower than `ms`, by nobody knows how much. */
      readonly beaten: boolean
      readonly promptSize: PromptSize
      /** Version of the directives that the call was routed by. */
      readonly directives: number
    }
  | {
      /** What a page saw of an answer, with a receipt that nothing else has spent. */
      readonly kind: 'shown'
      readonly candidate: string
      readonly late: boolean
    }
  | {
      readonly kind: 'end'
      readonly candidate: string
      /** `unusable`: only the operator can mend it (wrong key, unknown model), so no run of failures is waited for. */
      readonly result: 'success' | 'failure' | 'unusable'
      /** The breaker generation under which the attempt began; null where none was known yet. */
      readonly generation: number | null
    }

/** What an isolate needs to know of one candidate. */
export interface CandidateShare {
  readonly share: number
  readonly generation: number
  /** The 95th percentile of first outputs while it is well, in ms, by prompt size; null where none is known. */
  readonly healthyP95Ms: readonly (number | null)[]
  /** It is much slower than when it is well: whoever tries it starts an attempt elsewhere together with it. */
  readonly brownOut: boolean
}

/** Shares of all candidates as one document; a higher version replaces a lower one. */
export interface ShareSnapshot {
  readonly version: number
  readonly shares: Readonly<Record<string, CandidateShare>>
}

/** A candidate that health has not heard of yet starts whole: only evidence takes share away. */
export const NEWCOMER: CandidateShare = {
  share: 1,
  generation: 0,
  healthyP95Ms: [null, null, null, null],
  brownOut: false,
}

/** A slowness that lasts this long is no brown-out any more: it is how things are now, and is learnt anew. */
export const NEW_NORMAL_MS = 24 * 3_600_000

export const SOFT = {
  window: 20,
  /** Above this part of late first outputs the share shrinks; below `calmBelow` it grows; between them it holds. */
  shrinkAbove: 0.1,
  calmBelow: 0.03,
  shrinkBy: 0.8,
  growBy: 0.02,
  floor: 0.01,
} as const

const EMPTY_WINDOW = { samples: 0, late: 0 } as const

export const newCandidateHealth = (): CandidateHealth => ({
  soft: 1,
  window: EMPTY_WINDOW,
  lateBefore: false,
  breaker: closedBreaker(),
  latency: NO_LATENCY,
  brownOut: NO_BROWN_OUT,
  browser: NO_EVIDENCE,
})

export function shareOf({ soft, browser, breaker, brownOut, latency }: CandidateHealth): CandidateShare {
  const unhurried = Math.max(soft * browser.factor, SOFT.floor)
  return {
    share: Math.min(unhurried, relief(brownOut)) * allowance(breaker),
    generation: breaker.generation,
    healthyP95Ms: healthyP95sOf(latency),
    brownOut: brownOut.kind === 'trickle',
  }
}

export function recordSample(health: CandidateHealth, sample: Sample, now: number): CandidateHealth {
  switch (sample.kind) {
    case 'first-output':
      return isTelling(health, sample) ? recordFirstOutput(health, sample, now) : health
    case 'shown':
      return { ...health, browser: seenByPage(health.browser, sample.late) }
    case 'end':
      return recordEnd(health, sample, now)
  }
}

/**
 * Whether a first output says anything. One that was beaten before it would have been due even on a good day lost a race
 * against a faster candidate that had started together with it: it may be as well as ever.
 */
export function isTelling({ latency }: CandidateHealth, { beaten, ms, promptSize }: FirstOutput): boolean {
  const p95Ms = p95For(healthyP95sOf(latency), promptSize)
  return !beaten || p95Ms === null || ms >= p95Ms
}

/**
 * Slowness forgotten: a candidate whose traffic a response took away and gave back was measured on its way, and what was
 * seen before that is about a fault that is over.
 */
export const forgiven = (health: CandidateHealth): CandidateHealth => ({
  ...health,
  soft: 1,
  window: EMPTY_WINDOW,
  lateBefore: false,
  brownOut: NO_BROWN_OUT,
  browser: evidenceForgiven(health.browser),
})

/** Leases one small question of our own, where a breaker or a brown-out has one due. A lease that is lost comes again. */
export function leaseDueProbe(
  health: CandidateHealth,
  now: number,
): { health: CandidateHealth; leased: boolean } {
  const hard = leaseProbe(health.breaker, now)
  if (health.breaker.kind !== 'closed')
    return { health: hard.leased ? { ...health, breaker: hard.breaker } : health, leased: hard.leased }
  const { brownOut, leased } = leaseSpeedProbe(health.brownOut, now)
  return { health: leased ? { ...health, brownOut } : health, leased }
}

type FirstOutput = Extract<Sample, { kind: 'first-output' }>
type End = Extract<Sample, { kind: 'end' }>

function recordFirstOutput(health: CandidateHealth, sample: FirstOutput, now: number): CandidateHealth {
  const { ms, late, beaten, promptSize, origin } = sample
  const p95Ms = p95For(healthyP95sOf(health.latency), promptSize)
  const slow = p95Ms !== null && (beaten || ms > slowAbove(p95Ms))
  if (slow && isNewNormal(health.brownOut, now))
    return { ...health, latency: NO_LATENCY, brownOut: NO_BROWN_OUT }
  const isWell = health.brownOut.kind === 'calm' && health.breaker.kind === 'closed'
  // In a brown-out one rule is enough: what is left of the soft share is what it comes back to.
  const judged = health.brownOut.kind === 'calm' ? judgeSpeed(health, late) : health
  return {
    ...judged,
    brownOut: p95Ms === null ? health.brownOut : recordSpeed(health.brownOut, slow, now),
    latency: !isWell
      ? unlearnt(health.latency)
      : origin === 'gateway'
        ? learn(health.latency, { promptSize, ms, slow: slow || late || beaten }, now)
        : health.latency,
    browser: origin === 'gateway' ? seenByGateway(health.browser) : health.browser,
  }
}

const isNewNormal = (brownOut: BrownOut, now: number): boolean =>
  brownOut.kind === 'trickle' && now - brownOut.beganAt >= NEW_NORMAL_MS

function recordEnd(health: CandidateHealth, { result, generation }: End, now: number): CandidateHealth {
  const breaker =
    result === 'unusable'
      ? tripped(health.breaker, generation, now)
      : recordResult(health.breaker, result, generation, now)
  return breaker === health.breaker ? health : { ...health, breaker }
}

/** Shrinks by a fifth, grows by two points: quick to relieve a tired provider, slow to trust it again. */
function judgeSpeed(health: CandidateHealth, late: boolean): CandidateHealth {
  const samples = health.window.samples + 1
  const lateCount = health.window.late + (late ? 1 : 0)
  if (samples < SOFT.window) return { ...health, window: { samples, late: lateCount } }

  const lateShare = lateCount / samples
  const isLate = lateShare > SOFT.shrinkAbove
  return {
    ...health,
    window: EMPTY_WINDOW,
    lateBefore: isLate,
    soft: nextSoft(health, lateShare, isLate),
  }
}

function nextSoft({ soft, lateBefore }: CandidateHealth, lateShare: number, isLate: boolean): number {
  if (isLate && lateBefore) return Math.max(soft * SOFT.shrinkBy, SOFT.floor)
  if (lateShare < SOFT.calmBelow) return Math.min(soft + SOFT.growBy, 1)
  return soft
}
