import { quantile } from '../../scripts/drill/quantile.ts'
import type { BrownOut } from './measure/brown-out.ts'
import type { FirstOutputs } from './measure/first-output.ts'
import type { Memory } from './measure/memory.ts'
import type { Round } from './measure/throughput.ts'
import type { Name } from './load/contestant.ts'

/** A figure, and how far apart the rounds were that it was made of. */
export interface Figure {
  readonly value: number
  readonly least: number
  readonly most: number
}

/** Everything that a run has measured; null where it was not asked to. */
export interface Measured {
  readonly json: readonly Round[] | null
  readonly streams: readonly Round[] | null
  readonly firstOutputs: readonly FirstOutputs[] | null
  readonly brownOut: BrownOut | null
  readonly memory: Memory | null
}

/** What is aimed at. */
export const TARGETS = {
  jsonToPassThrough: { least: 0.7 },
  jsonToPortkey: { least: 5 },
  streamsToPortkey: { least: 4 },
  addedP50Ms: { most: 1 },
  addedP99Ms: { most: 5 },
  brownOutP99: { most: 1.3 },
  brownOutExtraCallShare: { most: 0.1 },
  memoryMbPerMinute: { most: 1 },
} as const satisfies Record<string, { readonly least: number } | { readonly most: number }>

export type Target = keyof typeof TARGETS

/** Whether a figure is what it should be. */
export function meets(target: Target, value: number): boolean {
  const bound: { readonly least?: number; readonly most?: number } = TARGETS[target]
  return value >= (bound.least ?? -Infinity) && value <= (bound.most ?? Infinity)
}

/** Whether all figures of a run are what they should be, and nobody was left with half an answer. */
export const meetsAll = (measured: Measured): boolean =>
  Object.entries(figuresOf(measured)).every(([name, { value }]) => meets(name as Target, value)) &&
  (measured.brownOut?.incomplete ?? 0) === 0 &&
  (measured.memory?.inFlightAtEnd ?? 0) === 0

/** The figures of a run that have a target. */
export function figuresOf(measured: Measured): Partial<Record<Target, Figure>> {
  const { json, streams, firstOutputs, brownOut, memory } = measured
  return {
    ...(json === null
      ? {}
      : {
          jsonToPassThrough: ratio(json, 'paceline', 'pass-through'),
          jsonToPortkey: ratio(json, 'paceline', 'portkey'),
        }),
    ...(streams === null ? {} : { streamsToPortkey: ratio(streams, 'paceline', 'portkey') }),
    ...(firstOutputs === null
      ? {}
      : {
          addedP50Ms: added(firstOutputs, 'paceline', 0.5),
          addedP99Ms: added(firstOutputs, 'paceline', 0.99),
        }),
    ...(brownOut === null
      ? {}
      : {
          brownOutP99: once(brownOut.brownOutP99Ms / brownOut.healthyP99Ms),
          brownOutExtraCallShare: once(brownOut.extraCallShare),
        }),
    ...(memory === null ? {} : { memoryMbPerMinute: once(memory.heapMbPerMinute) }),
  }
}

const once = (value: number): Figure => ({ value, least: value, most: value })

/**
 * The median over the rounds of one contestant's rate over another's in the same round. Rates are by the contestant's own
 * processor time, so that whoever else computes on this machine takes from nobody; by the clock where that can't be seen.
 */
export function ratio(rounds: readonly Round[], of: Name, to: Name): Figure {
  return spreadOf(
    rounds.map((round) => {
      const [one, other] = [round.get(of), round.get(to)]
      if (one === undefined || other === undefined) return Number.NaN
      return one.perCpuSecond === null || other.perCpuSecond === null
        ? one.perSecond / other.perSecond
        : one.perCpuSecond / other.perCpuSecond
    }),
  )
}

/** What a contestant adds to a quantile over direct: over all rounds together, and in the least and the worst one. */
export function added(rounds: readonly FirstOutputs[], name: Name, share: number): Figure {
  const over = (of: readonly FirstOutputs[]): number =>
    quantile(
      of.flatMap((one) => one.get(name) ?? []),
      share,
    ) -
    quantile(
      of.flatMap((one) => one.get('direct') ?? []),
      share,
    )
  const each = rounds.map((one) => over([one]))
  return { value: over(rounds), least: Math.min(...each), most: Math.max(...each) }
}

/** The median of some values, between the two in the middle where they are even in number; and their range. */
export function spreadOf(values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1)
  const median = middle.reduce((sum, value) => sum + value, 0) / middle.length
  return { value: median, least: Math.min(...values), most: Math.max(...values) }
}
