import { countBits } from './count-bits.ts'

/**
 * A circuit breaker as plain state and pure functions: it runs in memory, in SQLite or in a test alike.
 *
 * Closed: five failures in a row, or half of at least ten of the last twenty, open it.
 * Open: nothing is routed here. One probe at a time is leased out; a lost lease returns by itself.
 * Ramping: a probe succeeded; the candidate grows back over RAMP, one clean step at a time. Any failure opens it again.
 *
 * Every change of state starts a new generation. Results of attempts that began under an older generation are
 * stragglers: they tell of a state that is over, so they don't count.
 */
export type Breaker = Closed | Open | Ramping

interface Closed {
  readonly kind: 'closed'
  readonly generation: number
  /** The last results, newest in the lowest bit; 1 is a failure. */
  readonly recent: number
  readonly samples: number
  readonly inARow: number
}

interface Open {
  readonly kind: 'open'
  readonly generation: number
  /** How often it opened since it was last closed; the wait before a probe doubles with it. */
  readonly openings: number
  /** No probe before this instant. Also the end of the lease while a probe is out. */
  readonly nextProbeAt: number
}

interface Ramping {
  readonly kind: 'ramping'
  readonly generation: number
  readonly openings: number
  readonly step: number
  readonly steppedAt: number
  readonly nextProbeAt: number
}

export const BREAKER = {
  consecutiveFailures: 5,
  window: 20,
  minimumSamples: 10,
  failureShare: 0.5,
  firstProbeAfterMs: 1_000,
  longestProbeWaitMs: 30_000,
  probeLeaseMs: 15_000,
  rampStepMs: 3_000,
} as const

const RAMP = [0.01, 0.05, 0.25] as const
const WINDOW_MASK = 2 ** BREAKER.window - 1

export const closedBreaker = (generation = 0): Breaker => ({
  kind: 'closed',
  generation,
  recent: 0,
  samples: 0,
  inARow: 0,
})

/** The part of its normal traffic that a candidate may take, 0 to 1. */
export function allowance(breaker: Breaker): number {
  switch (breaker.kind) {
    case 'closed':
      return 1
    case 'open':
      return 0
    case 'ramping':
      return RAMP[breaker.step] ?? 1
  }
}

/**
 * Counts one finished attempt.
 *
 * @param generation the one under which the attempt began; null where it began before anything was known, which counts
 *   while the breaker is closed, since short-lived isolates would otherwise never count
 */
export function recordResult(
  breaker: Breaker,
  result: 'success' | 'failure',
  generation: number | null,
  now: number,
): Breaker {
  if (!counts(breaker, generation)) return breaker
  switch (breaker.kind) {
    case 'closed':
      return recordClosed(breaker, result, now)
    case 'open':
      return result === 'failure' ? reopen(breaker, now) : startRamp(breaker, now)
    case 'ramping':
      return result === 'failure' ? reopen(breaker, now) : climb(breaker, now)
  }
}

const counts = (breaker: Breaker, generation: number | null): boolean =>
  generation === null ? breaker.kind === 'closed' : generation === breaker.generation

function recordClosed(breaker: Closed, result: 'success' | 'failure', now: number): Breaker {
  const bit = result === 'failure' ? 1 : 0
  const recent = ((breaker.recent << 1) | bit) & WINDOW_MASK
  const samples = Math.min(breaker.samples + 1, BREAKER.window)
  const inARow = bit === 1 ? breaker.inARow + 1 : 0
  const manyFail = samples >= BREAKER.minimumSamples && countBits(recent) >= samples * BREAKER.failureShare
  if (inARow >= BREAKER.consecutiveFailures || manyFail) return reopen(breaker, now)
  return { kind: 'closed', generation: breaker.generation, recent, samples, inARow }
}

/**
 * Opens the breaker at once, whatever the counts say: the candidate is known to be unusable (a refused key, say).
 * Stragglers don't count here either, and a probe that finds it so still is a probe that failed.
 */
export function tripped(breaker: Breaker, generation: number | null, now: number): Breaker {
  return counts(breaker, generation) ? reopen(breaker, now) : breaker
}

function reopen(breaker: Breaker, now: number): Open {
  const openings = breaker.kind === 'closed' ? 1 : breaker.openings + 1
  const wait = Math.min(BREAKER.firstProbeAfterMs * 2 ** (openings - 1), BREAKER.longestProbeWaitMs)
  return { kind: 'open', generation: breaker.generation + 1, openings, nextProbeAt: now + wait }
}

function startRamp(breaker: Open, now: number): Ramping {
  return {
    kind: 'ramping',
    generation: breaker.generation + 1,
    openings: breaker.openings,
    step: 0,
    steppedAt: now,
    nextProbeAt: now + BREAKER.rampStepMs,
  }
}

function climb(breaker: Ramping, now: number): Breaker {
  if (now - breaker.steppedAt < BREAKER.rampStepMs) return breaker
  if (breaker.step + 1 >= RAMP.length) return closedBreaker(breaker.generation + 1)
  return { ...breaker, step: breaker.step + 1, steppedAt: now, nextProbeAt: now + BREAKER.rampStepMs }
}

/**
 * Leases one probe, if one is due. Half the clients of a dead candidate would otherwise ask it at once;
 * a lease that its holder never returns is simply due again after `probeLeaseMs`.
 */
export function leaseProbe(breaker: Breaker, now: number): { breaker: Breaker; leased: boolean } {
  if (breaker.kind === 'closed' || now < breaker.nextProbeAt) return { breaker, leased: false }
  return { breaker: { ...breaker, nextProbeAt: now + BREAKER.probeLeaseMs }, leased: true }
}
