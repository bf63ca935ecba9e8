import * as v from 'valibot'

/** A provider's count of tokens. What can be no such count is none: nothing else of its answer is worse for it. */
export const tokenCount = v.fallback(v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0))), null)
