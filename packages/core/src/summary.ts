import * as v from 'valibot'

/**
 * Times to a first token, as few numbers that can be added up: how many, how many of them late, how they spread, and
 * where the runs of late ones lie. Summaries of any number of writers merge into one, so writers can be added.
 */
export interface Summary {
  readonly count: number
  readonly late: number
  /** Counts by bucket of `bucketOf`; buckets beyond the last are empty. */
  readonly histogram: readonly number[]
  /** Late ones in a row at the beginning, at the end, and the longest run anywhere. */
  readonly prefix: number
  readonly suffix: number
  readonly longest: number
}

const SMALLEST_MS = 10
/** Four buckets to a doubling: a quantile read off is at most 19 % too high. */
const BUCKETS_PER_DOUBLING = 4
/** The last one starts at 84 s and holds everything beyond. */
const BUCKETS = 54

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

export const summarySchema = v.strictObject({
  count,
  late: count,
  histogram: v.pipe(v.array(count), v.maxLength(BUCKETS), v.readonly()),
  prefix: count,
  suffix: count,
  longest: count,
})

export const emptySummary: Summary = { count: 0, late: 0, histogram: [], prefix: 0, suffix: 0, longest: 0 }

/** The summary of a single time, in ms. */
export function summaryOf(ms: number, late: boolean): Summary {
  const histogram = Array.from({ length: bucketOf(ms) + 1 }, () => 0)
  histogram[histogram.length - 1] = 1
  const run = late ? 1 : 0
  return { count: 1, late: run, histogram, prefix: run, suffix: run, longest: run }
}

/** What came first, then what came after it. Associative; `emptySummary` changes nothing. */
export function mergeSummaries(first: Summary, then: Summary): Summary {
  const [short, long] =
    first.histogram.length < then.histogram.length
      ? [first.histogram, then.histogram]
      : [then.histogram, first.histogram]
  return {
    count: first.count + then.count,
    late: first.late + then.late,
    histogram: long.map((value, index) => value + (short[index] ?? 0)),
    prefix: first.prefix === first.count ? first.count + then.prefix : first.prefix,
    suffix: then.suffix === then.count ? then.count + first.suffix : then.suffix,
    longest: Math.max(first.longest, then.longest, first.suffix + then.prefix),
  }
}

/**
 * An upper bound of a quantile, in ms: the end of the bucket that it falls into. Null where nothing was counted,
 * infinite where it lies in the last bucket.
 *
 * @param share 0 to 1, such as 0.95
 */
export function quantileMs(
  { count: total, histogram }: Pick<Summary, 'count' | 'histogram'>,
  share: number,
): number | null {
  if (total === 0) return null
  let seen = 0
  const bucket = histogram.findIndex((value) => {
    seen += value
    return seen >= share * total && value > 0
  })
  return bucket === -1 || bucket === BUCKETS - 1
    ? Infinity
    : SMALLEST_MS * 2 ** ((bucket + 1) / BUCKETS_PER_DOUBLING)
}

/** Where a time stands in a histogram. */
export function bucketOf(ms: number): number {
  const bucket = Math.floor(BUCKETS_PER_DOUBLING * Math.log2(Math.max(ms, SMALLEST_MS) / SMALLEST_MS))
  return Math.min(bucket, BUCKETS - 1)
}
