import * as v from 'valibot'
import { isWhole } from '../script/script.ts'
import { defineFault } from './define-fault.ts'
import { countSchema, modifiers } from './modifiers.ts'
import { afterTokens as indexAfter, before, breakOff, cutText, replaceBody } from './script-position.ts'

/** Under status 200, sends an error in place of the rest; with `afterTokens` 0 it is the first event of all. */
export const inBandError = defineFault({
  schema: v.strictObject({
    kind: v.literal('in-band-error'),
    afterTokens: v.optional(countSchema, 0),
    error: v.optional(
      v.picklist(['server-error', 'overloaded', 'rate-limit', 'content-policy']),
      'server-error',
    ),
    ...modifiers,
  }),
  positional: ['afterTokens', 'error'],
  rewrite(script, { afterTokens, error }, { wire, context }) {
    if (isWhole(script)) return replaceBody(script, wire.refusalBody({ kind: error }, context), 'error')
    const event = { do: 'event', ...wire.refusalEvent({ kind: error }, context) } as const
    if (afterTokens > 0) return breakOff(script, afterTokens, [event, { do: 'end', how: 'error' }])
    const steps = before(script, (step) => step.do === 'event')
    return { ...script, steps: [...steps, event, { do: 'end', how: 'error' }] }
  },
})

/** Breaks the JSON of one event and goes on; a body that is not streamed ends in the middle of its JSON. */
export const malformed = defineFault({
  schema: v.strictObject({
    kind: v.literal('malformed'),
    afterTokens: v.optional(countSchema, 0),
    ...modifiers,
  }),
  positional: ['afterTokens'],
  rewrite(script, { afterTokens }) {
    const body = script.steps.find((step) => step.do === 'text')
    if (isWhole(script) && body !== undefined) {
      return replaceBody(script, cutText(body, body.tokens / 2).text, 'complete')
    }
    const at = indexAfter(script, afterTokens)
    const steps = script.steps.map((step, index) =>
      index === at && step.do === 'event'
        ? { ...step, data: step.data.slice(0, step.data.length / 2) }
        : step,
    )
    return { ...script, steps }
  },
})

/** Leaves out `[DONE]` or `message_stop`, though the answer is whole. Gemini has no terminator to leave out. */
export const missingTerminator = defineFault({
  schema: v.strictObject({ kind: v.literal('missing-terminator'), ...modifiers }),
  positional: [],
  rewrite: (script) => ({
    ...script,
    steps: script.steps.filter((step) => !(step.do === 'event' && step.part === 'terminator')),
  }),
})
