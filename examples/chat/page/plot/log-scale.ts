const steps = [1, 2, 5] as const

/** Milliseconds to show, on a logarithmic axis: at least from 20 ms to a second, so that quick answers don't jump about. */
export function niceRange(values: readonly number[]): [number, number] {
  const low = Math.min(20, ...values.map((value) => value / 1.3))
  const high = Math.max(1_000, ...values.map((value) => value * 1.3))
  return [Math.max(1, low), high]
}

/** 1, 2 and 5 in each decade, as far as they lie in the range. */
export function niceSplits(min: number, max: number): number[] {
  const splits: number[] = []
  for (let decade = 10 ** Math.floor(Math.log10(min)); decade <= max; decade *= 10)
    for (const step of steps) if (step * decade >= min && step * decade <= max) splits.push(step * decade)
  return splits
}

export function splitLabel(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${ms / 1_000} s`
}
