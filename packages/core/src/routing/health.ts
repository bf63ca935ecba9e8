import type { PromptSize } from './prompt-size.ts'
import { allowance, closedBreaker, recordResult, tripped, type Breaker } from './breaker.ts'

/**
 * The health of one candidate as its one writer keeps it: a soft share that follows slowness, and a breaker that
 * follows hard failures. Everything that moves traffic for reasons of health ends in one number, its share.
 */
export interface CandidateHealth {
  /** 0.01 to 1: what slowness has left of the share. */
  readonly soft: number
  /** First outputs seen since the soft share was last judged, and how many of them were too late. */
  readonly window: { readonly samples: number; readonly late: number }
  /** Whether the window before was late, too: one late window is chance, two in a row are a tired provider. */
  readonly lateBefore: boolean
  readonly breaker: Breaker
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
}

/** Shares of all candidates as one document; a higher version replaces a lower one. */
export interface ShareSnapshot {
  readonly version: number
  readonly shares: Readonly<Record<string, CandidateShare>>
}

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
})

export function shareOf(health: CandidateHealth): CandidateShare {
  return { share: health.soft * allowance(health.breaker), generation: health.breaker.generation }
}

export function recordSample(health: CandidateHealth, sample: Sample, now: number): CandidateHealth {
  if (sample.kind === 'first-output') return judgeSpeed(health, sample.late)
  const breaker =
    sample.result === 'unusable'
      ? tripped(health.breaker, sample.generation, now)
      : recordResult(health.breaker, sample.result, sample.generation, now)
  return breaker === health.breaker ? health : { ...health, breaker }
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
})

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
