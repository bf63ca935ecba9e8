import type { Memory } from './measure/memory.ts'
import { figuresOf, type Figure, type Measured, type Target } from './targets.ts'

/** The form of `--json`. What a run did not measure is left out. */
export interface Result {
  readonly ratios: {
    readonly jsonToPassThrough?: number
    readonly jsonToPortkey?: number
    readonly streamsToPortkey?: number
    readonly brownOutP99?: number
  }
  readonly addedFirstOutputMs?: { readonly p50: number; readonly p99: number }
  readonly brownOutExtraCallShare?: number
  readonly memory?: Memory
  readonly rounds: number
  /** The least and the most that a single round came to, for each figure that has several. */
  readonly spread: Readonly<Record<string, { readonly least: number; readonly most: number }>>
}

export function resultOf(measured: Measured, rounds: number): Result {
  const figures = figuresOf(measured)
  const values = (names: readonly Target[]): Record<string, number> =>
    Object.fromEntries(
      names.flatMap((name) => {
        const figure = figures[name]
        return figure === undefined ? [] : [[name, rounded(figure.value)] as const]
      }),
    )
  const { addedP50Ms, addedP99Ms, brownOutExtraCallShare } = figures
  return {
    ratios: values(['jsonToPassThrough', 'jsonToPortkey', 'streamsToPortkey', 'brownOutP99']),
    ...(addedP50Ms === undefined || addedP99Ms === undefined
      ? {}
      : { addedFirstOutputMs: { p50: rounded(addedP50Ms.value), p99: rounded(addedP99Ms.value) } }),
    ...(brownOutExtraCallShare === undefined
      ? {}
      : { brownOutExtraCallShare: rounded(brownOutExtraCallShare.value) }),
    ...(measured.memory === null ? {} : { memory: measured.memory }),
    rounds,
    spread: Object.fromEntries(
      Object.entries(figures)
        .filter(([, { least, most }]) => least !== most)
        .map(([name, figure]) => [name, range(figure)]),
    ),
  }
}

const range = ({ least, most }: Figure): { least: number; most: number } => ({
  least: rounded(least),
  most: rounded(most),
})
const rounded = (value: number): number => Math.round(value * 1_000) / 1_000
