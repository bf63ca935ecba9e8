import * as v from 'valibot'

export const countSchema = v.pipe(v.number(), v.integer(), v.minValue(0))
export const positiveCountSchema = v.pipe(v.number(), v.integer(), v.minValue(1))
export const durationMsSchema = v.pipe(v.number(), v.minValue(0), v.maxValue(24 * 60 * 60 * 1000))
export const factorSchema = v.pipe(v.number(), v.gtValue(0), v.maxValue(10_000))

/** Which attempts a fault applies to; every fault takes them. All that are given must hold. */
export const modifiers = {
  /** Only this many attempts. */
  times: v.optional(positiveCountSchema),
  /** Only for so long after the fault was set. */
  forMs: v.optional(durationMsSchema),
  /** Only these models. */
  models: v.optional(v.array(v.string())),
  /** Only the nth, 2nth, 3nth … of the attempts that it could apply to. */
  everyNth: v.optional(positiveCountSchema),
  /** Only while down: first `downMs`, then healthy for `upMs`, and so on. */
  flap: v.optional(
    v.strictObject({
      downMs: v.pipe(durationMsSchema, v.minValue(1)),
      upMs: v.pipe(durationMsSchema, v.minValue(1)),
    }),
  ),
}
