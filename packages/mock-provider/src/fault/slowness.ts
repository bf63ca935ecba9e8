import * as v from 'valibot'
import { defineFault } from './define-fault.ts'
import { countSchema, durationMsSchema, factorSchema, modifiers } from './modifiers.ts'
import { afterTokens as indexAfter } from './script-position.ts'

/** Waits longer for the first token: `ms` in all, or `factor` times as long as usual. */
export const slowFirstToken = defineFault({
  schema: v.pipe(
    v.strictObject({
      kind: v.literal('slow-first-token'),
      ms: v.optional(durationMsSchema),
      factor: v.optional(factorSchema),
      ...modifiers,
    }),
    v.check(
      ({ ms, factor }) => (ms === undefined) !== (factor === undefined),
      'Give either ms or factor, e.g. { "kind": "slow-first-token", "ms": 8000 }.',
    ),
  ),
  positional: ['ms'],
  rewrite: (script, { ms, factor = 1 }) => ({
    ...script,
    steps: script.steps.map((step) =>
      step.do === 'wait' && step.until === 'first-token' ? { ...step, ms: ms ?? step.ms * factor } : step,
    ),
  }),
})

/** Takes `factor` times as long for everything, or only from a token on. */
export const slow = defineFault({
  schema: v.strictObject({
    kind: v.literal('slow'),
    factor: factorSchema,
    afterTokens: v.optional(countSchema),
    ...modifiers,
  }),
  positional: ['factor', 'afterTokens'],
  rewrite(script, { factor, afterTokens }) {
    // The wait for a token stands right before it.
    const from = afterTokens === undefined ? 0 : indexAfter(script, afterTokens) - 1
    return {
      ...script,
      steps: script.steps.map((step, index) =>
        step.do === 'wait' && index >= from ? { ...step, ms: step.ms * factor } : step,
      ),
    }
  },
})
