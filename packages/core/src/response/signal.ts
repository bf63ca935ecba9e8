import type { TtfvtBreachPolicy } from '../config/schema.ts'
import { emptySummary, mergeSummaries, quantileMs, type Summary } from '../summary.ts'
import { recordRun } from './detect/consecutive.ts'
import { isProven, recordDrift } from './detect/drift.ts'
import type { Observation } from './observation.ts'
import type { Detectors, Signal } from './state.ts'

/** What an observation gives reason to think. */
export type Suspicion = 'none' | 'suspicion' | 'proof'

/** Half of what is known of the usual fades at this count, so that it follows the season and not the hour. */
const USUAL_COUNT = 2_000
/** The part of the proof that makes browsers' evidence count: two late first tokens in a row, as a rule. */
const SECONDED = 0.3
/** How far one more time moves the average. */
const SMOOTHING = 0.3

/**
 * Reads an observation.
 *
 * @param quiet whether nothing is wrong with this candidate, so that what is seen is the usual
 */
export function recordObservation(
  signal: Signal,
  { origin, summary }: Observation,
  policy: TtfvtBreachPolicy,
  now: number,
  quiet: boolean,
): { signal: Signal; suspicion: Suspicion } {
  const isBrowser = origin === 'browser'
  // A small question that is answered in time says nothing of those that users ask; one that is late says enough.
  const telling = origin === 'probe' ? lateOnes(summary) : summary
  const { detectors, longest } = detect(isBrowser ? signal.browser : signal.edge, telling, policy)
  const proven = isProven(detectors.drift, policy)
  const suspected = longest >= policy.suspectAfter
  if (isBrowser) {
    // Pages are slow for many reasons, and another provider mends only one: the gateway has to have seen something, too.
    const seconded = signal.edge.drift.score >= SECONDED * policy.proof
    const next = { ...signal, browser: detectors }
    return { signal: next, suspicion: suspected && seconded ? 'suspicion' : 'none' }
  }
  const next: Signal = {
    ...signal,
    edge: detectors,
    lastAt: now,
    lastLate: summary.suffix > 0,
    averageMs: average(signal.averageMs, summary),
    usual: quiet && !suspected ? fade(mergeSummaries(signal.usual, summary)) : signal.usual,
  }
  return { signal: next, suspicion: proven ? 'proof' : suspected ? 'suspicion' : 'none' }
}

const lateOnes = ({ late }: Summary): Summary => ({
  ...emptySummary,
  count: late,
  late,
  prefix: late,
  suffix: late,
  longest: late,
})

function detect(
  { consecutive, drift }: Detectors,
  summary: Summary,
  policy: TtfvtBreachPolicy,
): { detectors: Detectors; longest: number } {
  const { state, longest } = recordRun(consecutive, summary)
  return { detectors: { consecutive: state, drift: recordDrift(drift, summary, policy) }, longest }
}

function average(before: number, summary: Summary): number {
  const median = quantileMs(summary, 0.5)
  if (median === null || !Number.isFinite(median)) return before
  const weight = 1 - (1 - SMOOTHING) ** summary.count
  return before === 0 ? median : before + weight * (median - before)
}

function fade(usual: Summary): Summary {
  if (usual.count <= USUAL_COUNT) return usual
  const histogram = usual.histogram.map((count) => Math.floor(count / 2))
  return { ...emptySummary, count: histogram.reduce((sum, count) => sum + count, 0), histogram }
}
