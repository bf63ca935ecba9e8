import { newCandidateHealth, type CandidateHealth } from '@paceline/core'
import * as v from 'valibot'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const positive = v.pipe(v.number(), v.finite(), v.minValue(0))
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1))
const window = v.strictObject({ samples: count, late: count })
const promptSize = v.picklist([0, 1, 2, 3])

const FRESH = newCandidateHealth()

const latency = v.strictObject({
  sizes: v.pipe(
    v.array(
      v.strictObject({
        p95Ms: v.nullable(positive),
        learnt: count,
        learntAt: v.number(),
        count: positive,
        histogram: v.array(positive),
      }),
    ),
    v.length(FRESH.latency.sizes.length),
  ),
  pending: v.array(v.strictObject({ promptSize, ms: v.number(), slow: v.boolean() })),
})

const brownOut = v.variant('kind', [
  v.strictObject({
    kind: v.literal('calm'),
    recent: count,
    samples: count,
    onsets: count,
    endedAt: v.number(),
  }),
  v.strictObject({
    kind: v.literal('trickle'),
    onsets: count,
    beganAt: v.number(),
    enteredAt: v.number(),
    goodInARow: count,
    nextProbeAt: v.number(),
  }),
  v.strictObject({
    kind: v.literal('returning'),
    onsets: count,
    beganAt: v.number(),
    step: count,
    steppedAt: v.number(),
    slow: count,
  }),
])

const browser = v.strictObject({
  factor: share,
  window,
  gateway: count,
  usualLate: v.nullable(share),
  worseBefore: v.boolean(),
})

const stored = v.strictObject({
  soft: share,
  window,
  lateBefore: v.boolean(),
  breaker: v.variant('kind', [
    v.strictObject({
      kind: v.literal('closed'),
      generation: count,
      recent: count,
      samples: count,
      inARow: count,
    }),
    v.strictObject({ kind: v.literal('open'), generation: count, openings: count, nextProbeAt: v.number() }),
    v.strictObject({
      kind: v.literal('ramping'),
      generation: count,
      openings: count,
      step: count,
      steppedAt: v.number(),
      nextProbeAt: v.number(),
    }),
  ]),
  latency: v.optional(latency),
  brownOut: v.optional(brownOut),
  browser: v.optional(browser),
})

/** The health of a candidate as it comes back from storage. What earlier versions did not keep yet begins anew. */
export const candidateHealthSchema: v.GenericSchema<unknown, CandidateHealth> = v.pipe(
  v.unknown(),
  stored,
  v.transform((kept) => ({
    ...kept,
    latency: kept.latency ?? FRESH.latency,
    brownOut: kept.brownOut ?? FRESH.brownOut,
    browser: kept.browser ?? FRESH.browser,
  })),
)
