import { bucketOf, quantileMs } from '../summary.ts'
import type { PromptSize } from './prompt-size.ts'

/**
 * How soon a candidate speaks while it is well: the 95th percentile of its first outputs, for each size of prompt. It is
 * what slowness is measured by, so it learns from well moments alone and stands still otherwise: a candidate that turns
 * ten times slower would lift its own moving percentile and look as usual.
 */
export interface HealthyLatency {
  /** By prompt size. */
  readonly sizes: readonly SizeLatency[]
  /** First outputs that are not learnt yet: whether a moment was well shows when its window is full. */
  readonly pending: readonly LearnableOutput[]
}

interface SizeLatency {
  /** The 95th percentile in ms, at most a fifth too high; null while too few have been learnt. */
  readonly p95Ms: number | null
  /** How many have been learnt, up to `settledAfter`. */
  readonly learnt: number
  /** When the last ones were learnt, in epoch ms. */
  readonly learntAt: number
  /** Counts by bucket of `bucketOf`, and their sum. They fade, so they are no whole numbers. */
  readonly count: number
  readonly histogram: readonly number[]
}

export interface LearnableOutput {
  readonly promptSize: PromptSize
  /** Of one that was cut short, how long it was waited for: it stands where it was left, or further up. */
  readonly ms: number
  /** Late, beaten, or slower than is usual: so many of these make the moment a slow one. */
  readonly slow: boolean
}

export const LEARNING = {
  /** A window with more than this part of slow ones teaches nothing. */
  window: 20,
  slowShare: 0.1,
  /** Fewer than these say nothing of a 95th percentile. */
  knownAfter: 20,
  /** From here on the percentile is a settled one, which rises by no more than a quarter in an hour. */
  settledAfter: 200,
  risePerHour: 1.25,
  /** What was learnt weighs half after this, so that it follows the season and no quarter of an hour. */
  halfLifeMs: 6 * 3_600_000,
} as const

const HOUR_MS = 3_600_000
const NOTHING: SizeLatency = { p95Ms: null, learnt: 0, learntAt: 0, count: 0, histogram: [] }

export const NO_LATENCY: HealthyLatency = { sizes: [NOTHING, NOTHING, NOTHING, NOTHING], pending: [] }

/** Takes in one first output of a candidate that nothing is held against. */
export function learn(latency: HealthyLatency, output: LearnableOutput, now: number): HealthyLatency {
  const pending = [...latency.pending, output]
  if (pending.length < LEARNING.window) return { ...latency, pending }
  const slow = pending.filter((one) => one.slow).length
  if (slow > LEARNING.slowShare * pending.length) return { ...latency, pending: [] }
  const sizes = latency.sizes.map((size, index) => {
    const times = pending.flatMap(({ promptSize, ms }) => (promptSize === index ? [ms] : []))
    return times.length === 0 ? size : absorb(size, times, now)
  })
  return { sizes, pending: [] }
}

/** Forgets what is not learnt yet, since it may be the beginning of what went wrong. */
export const unlearnt = (latency: HealthyLatency): HealthyLatency =>
  latency.pending.length === 0 ? latency : { ...latency, pending: [] }

/** By prompt size, in whole ms. */
export const healthyP95sOf = ({ sizes }: HealthyLatency): (number | null)[] =>
  sizes.map(({ p95Ms }) => (p95Ms === null ? null : Math.ceil(p95Ms)))

/**
 * The healthy percentile for a prompt of this size. Where none is known, that of the next longer prompts: they take at
 * least as long. That of shorter ones would call a healthy answer slow.
 */
export const p95For = (p95sMs: readonly (number | null)[], promptSize: PromptSize): number | null =>
  p95sMs.slice(promptSize).find((p95Ms) => p95Ms !== null) ?? null

function absorb(size: SizeLatency, times: readonly number[], now: number): SizeLatency {
  const elapsedMs = Math.max(0, now - size.learntAt)
  const fade = 0.5 ** (elapsedMs / LEARNING.halfLifeMs)
  const buckets = times.map(bucketOf)
  const length = Math.max(size.histogram.length, ...buckets.map((bucket) => bucket + 1))
  const histogram = Array.from({ length }, (_, index) => (size.histogram[index] ?? 0) * fade)
  for (const bucket of buckets) histogram[bucket] = (histogram[bucket] ?? 0) + 1
  const count = histogram.reduce((sum, weight) => sum + weight, 0)
  const learnt = Math.min(size.learnt + times.length, LEARNING.settledAfter)
  return {
    p95Ms: nextP95(size, { count, histogram }, learnt, elapsedMs),
    learnt,
    learntAt: now,
    count,
    histogram,
  }
}

/** Falls at once, rises by degrees: whatever it is taught, a slowness of minutes can't become the usual. */
function nextP95(
  { p95Ms: before, learnt: learntBefore }: SizeLatency,
  weights: { readonly count: number; readonly histogram: readonly number[] },
  learnt: number,
  elapsedMs: number,
): number | null {
  const measured = quantileMs(weights, 0.95) ?? Infinity
  // Beyond the last bucket it has no end.
  if (learnt < LEARNING.knownAfter || !Number.isFinite(measured)) return before
  if (before === null || learntBefore < LEARNING.settledAfter) return measured
  return Math.min(measured, before * LEARNING.risePerHour ** Math.min(elapsedMs / HOUR_MS, 1))
}
