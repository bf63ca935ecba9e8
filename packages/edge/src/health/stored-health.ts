import * as v from 'valibot'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** The health of a candidate as it comes back from storage. */
export const candidateHealthSchema = v.strictObject({
  soft: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  window: v.strictObject({ samples: count, late: count }),
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
})
