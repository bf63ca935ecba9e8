/** The value that a share of all lies at or below; the nearest rank, so that it is one that was measured. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export interface Quantiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

export const quantiles = (values: readonly number[]): Quantiles => ({
  p50: tenth(quantile(values, 0.5)),
  p95: tenth(quantile(values, 0.95)),
  p99: tenth(quantile(values, 0.99)),
})

const tenth = (value: number): number => Math.round(value * 10) / 10
