import { styled } from '../local/style.ts'
import { LANES, POLICY, TARGET_MS } from './drill-config.ts'
import type { IncidentTimes } from './incident.ts'
import type { Options } from './options.ts'
import { quantiles, type Quantiles } from './quantile.ts'
import type { Step } from './step-log.ts'

/** What a drill came to; the form of `--json`. */
export interface Result {
  readonly passed: boolean
  readonly incidents: number
  readonly missing: { readonly step: string; readonly why: string } | null
  /** Of the first incident; instants in ms since the fault. */
  readonly steps: readonly { readonly name: string; readonly atMs: number }[]
  readonly eventToDecisionMs?: Quantiles
  readonly eventToDirectiveMs?: Quantiles
  readonly eventToTrafficMs?: Quantiles
  readonly directiveToRestoredMs?: Quantiles
}

export function resultOf(
  times: readonly IncidentTimes[],
  steps: readonly Step[],
  missing: Result['missing'],
): Result {
  const over = (of: (one: IncidentTimes) => number): Quantiles => quantiles(times.map(of))
  return {
    passed: missing === null,
    incidents: times.length,
    missing,
    steps: steps.map(({ name, atMs }) => ({ name, atMs })),
    ...(times.length === 0
      ? {}
      : {
          eventToDecisionMs: over((one) => one.eventToDecisionMs),
          eventToDirectiveMs: over((one) => one.eventToDirectiveMs),
          eventToTrafficMs: over((one) => one.eventToTrafficMs),
          directiveToRestoredMs: over((one) => one.directiveToRestoredMs),
        }),
  }
}

export function printPolicy({ firstTokenMs, slower, ratePerS, seed }: Options): void {
  const { bold, dim } = styled
  const settings = Object.entries(POLICY).map(([name, value]) => `${name} ${value}`)
  const rows: string[] = []
  for (let at = 0; at < settings.length; at += 4)
    rows.push(
      settings
        .slice(at, at + 4)
        .map((one) => one.padEnd(24))
        .join(''),
    )
  console.log(`
  ${bold('A drill of the whole response.')}
  Healthy providers speak after ${firstTokenMs} ms ±10 %, the tired one ${slower} times later; late is above ${TARGET_MS} ms.
  ${ratePerS} requests a second, seed ${seed}, up to ${LANES} incidents side by side. The playbook ttfvt-breach with short timers:

  ${dim(rows.join('\n  '))}
`)
}

export function printTimeline(steps: readonly Step[]): void {
  for (const { name, atMs, note } of steps)
    console.log(`  ${atMs.toFixed(0).padStart(7)} ms  ${name.padEnd(14)} ${styled.dim(note)}`)
}

const FIGURES = [
  ['eventToDecisionMs', 'third late answer → decision', 'target 50 at the 99th'],
  ['eventToDirectiveMs', 'third late answer → directive at a server', 'target 250 at the 99th'],
  ['eventToTrafficMs', 'third late answer → first request led by another', 'target 1,000'],
  ['directiveToRestoredMs', 'directive → TTFVT p95 below 400 ms again', 'target 5,000'],
] as const

export function printResult(result: Result): void {
  const { bold, dim } = styled
  if (result.incidents > 0) {
    console.log(`\n  ${'ms'.padEnd(50)} ${['p50', 'p95', 'p99'].map((name) => name.padStart(8)).join('')}`)
    for (const [field, words, target] of FIGURES) {
      const figure = result[field]
      if (figure === undefined) continue
      const numbers = [figure.p50, figure.p95, figure.p99]
        .map((value) => value.toFixed(0).padStart(8))
        .join('')
      console.log(`  ${words.padEnd(50)} ${numbers}  ${dim(target)}`)
    }
  }
  console.log(`\n  ${bold(result.passed ? 'Passed:' : 'Failed:')} ${verdict(result)}\n`)
}

function verdict({ incidents, missing }: Result): string {
  if (missing !== null)
    return `${incidents > 0 ? `after ${incidents} whole incidents, ` : ''}the step '${missing.step}' is missing: ${missing.why}.`
  if (incidents === 0) return 'everything that must happen did, and nothing else.'
  return `${incidents === 1 ? 'the incident was' : `${incidents} incidents were`} seen, decided, acted on, verified, taken back and learnt.`
}
