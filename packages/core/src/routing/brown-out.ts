import { countBits } from './count-bits.ts'

/**
 * The hard rule for slowness, as the breaker is for failures: a candidate that has turned much slower than it is when it
 * is well loses its traffic at once, but for a trickle.
 *
 * Calm: half of at least ten of the last twenty first outputs that are slow begin a brown-out.
 * Trickle: 1 % of requests, and small questions of our own, find out when it is well: so many good ones in a row.
 * Returning: 5 and 25 %, one step at a time. A single slow one begins the step anew, a second one is a relapse.
 *
 * One that comes and goes has to stay well for longer each time.
 */
export type BrownOut = Calm | Trickle | Returning

interface Calm {
  readonly kind: 'calm'
  /** The last verdicts, newest in the lowest bit; 1 is a slow one. */
  readonly recent: number
  readonly samples: number
  /** How often in a row it browned out soon after the last time, and when that was over. */
  readonly onsets: number
  readonly endedAt: number
}

interface Trickle {
  readonly kind: 'trickle'
  readonly onsets: number
  /** When the brown-out began, relapses included. */
  readonly beganAt: number
  /** When this trickle began. */
  readonly enteredAt: number
  readonly goodInARow: number
  readonly nextProbeAt: number
}

interface Returning {
  readonly kind: 'returning'
  readonly onsets: number
  readonly beganAt: number
  readonly step: number
  readonly steppedAt: number
  /** Slow ones since this step began. */
  readonly slow: number
}

export const BROWN_OUT = {
  /** Slow: beyond so many healthy 95th percentiles, and by so much at least: less than that is a busy machine's. */
  factor: 2,
  leastExcessMs: 200,
  window: 20,
  minimumSamples: 10,
  slowShare: 0.5,
  goodInARow: 5,
  stepMs: 3_000,
  longestTrickleMs: 60_000,
  /** Two brown-outs with less than this between them are one that comes and goes. */
  apartMs: 60_000,
  probeEveryMs: 3_000,
  slowUntilRelapse: 2,
} as const

/** The most that a candidate in brown-out takes part in, 0 to 1. */
export const TRICKLE = 0.01
const RETURN = [0.05, 0.25] as const
const WINDOW_MASK = 2 ** BROWN_OUT.window - 1

export const NO_BROWN_OUT: BrownOut = { kind: 'calm', recent: 0, samples: 0, onsets: 0, endedAt: 0 }

/** Above this a first output is slow, in ms. */
export const slowAbove = (healthyP95Ms: number): number =>
  Math.max(BROWN_OUT.factor * healthyP95Ms, healthyP95Ms + BROWN_OUT.leastExcessMs)

/** The most of its share that a candidate may have, 0 to 1. */
export function relief(brownOut: BrownOut): number {
  switch (brownOut.kind) {
    case 'calm':
      return 1
    case 'trickle':
      return TRICKLE
    case 'returning':
      return RETURN[brownOut.step] ?? 1
  }
}

/** Counts one first output. */
export function recordSpeed(brownOut: BrownOut, slow: boolean, now: number): BrownOut {
  switch (brownOut.kind) {
    case 'calm':
      return recordCalm(brownOut, slow, now)
    case 'trickle':
      return recordTrickle(brownOut, slow, now)
    case 'returning':
      return recordReturning(brownOut, slow, now)
  }
}

function recordCalm(brownOut: Calm, slow: boolean, now: number): BrownOut {
  const recent = ((brownOut.recent << 1) | (slow ? 1 : 0)) & WINDOW_MASK
  const samples = Math.min(brownOut.samples + 1, BROWN_OUT.window)
  const many = samples >= BROWN_OUT.minimumSamples && countBits(recent) >= samples * BROWN_OUT.slowShare
  // One that is in time is no reason to begin, whatever came before it.
  if (!slow || !many) return { ...brownOut, recent, samples }
  const again = now - brownOut.endedAt < BROWN_OUT.apartMs
  return trickle(again ? brownOut.onsets + 1 : 1, now, now)
}

const trickle = (onsets: number, beganAt: number, now: number): Trickle => ({
  kind: 'trickle',
  onsets,
  beganAt,
  enteredAt: now,
  goodInARow: 0,
  nextProbeAt: now + BROWN_OUT.probeEveryMs,
})

function recordTrickle(brownOut: Trickle, slow: boolean, now: number): BrownOut {
  const goodInARow = slow ? 0 : brownOut.goodInARow + 1
  const leastMs = Math.min(BROWN_OUT.stepMs * 2 ** (brownOut.onsets - 1), BROWN_OUT.longestTrickleMs)
  if (goodInARow < BROWN_OUT.goodInARow || now - brownOut.enteredAt < leastMs)
    return { ...brownOut, goodInARow }
  const { onsets, beganAt } = brownOut
  return { kind: 'returning', onsets, beganAt, step: 0, steppedAt: now, slow: 0 }
}

function recordReturning(brownOut: Returning, slow: boolean, now: number): BrownOut {
  if (slow) {
    const slowSoFar = brownOut.slow + 1
    if (slowSoFar < BROWN_OUT.slowUntilRelapse) return { ...brownOut, slow: slowSoFar, steppedAt: now }
    return trickle(brownOut.onsets + 1, brownOut.beganAt, now)
  }
  if (now - brownOut.steppedAt < BROWN_OUT.stepMs) return brownOut
  if (brownOut.step + 1 < RETURN.length)
    return { ...brownOut, step: brownOut.step + 1, steppedAt: now, slow: 0 }
  return { kind: 'calm', recent: 0, samples: 0, onsets: brownOut.onsets, endedAt: now }
}

/**
 * Leases a small question of our own, if one is due: where there is little traffic the trickle alone would take hours
 * to find out that all is well, and one that always loses the race against a faster candidate tells nothing.
 */
export function leaseSpeedProbe(brownOut: BrownOut, now: number): { brownOut: BrownOut; leased: boolean } {
  if (brownOut.kind !== 'trickle' || now < brownOut.nextProbeAt) return { brownOut, leased: false }
  return { brownOut: { ...brownOut, nextProbeAt: now + BROWN_OUT.probeEveryMs }, leased: true }
}
