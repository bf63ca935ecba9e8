import * as v from 'valibot'
import { isWhole, type Step } from '../script/script.ts'
import { defineFault } from './define-fault.ts'
import { countSchema, durationMsSchema, modifiers } from './modifiers.ts'
import { before, breakOff, mapHead } from './script-position.ts'

const stall: Step = { do: 'end', how: 'stall' }
const isToken = (step: Step): boolean => step.do === 'event' && step.part !== 'role'
const isText = (step: Step): boolean => step.do === 'text'

/**
 * Says nothing more after it accepted the request, after the headers, or after the role chunk; or sends keep-alive
 * comments for ever after the role chunk (blank lines where the answer is not streamed).
 */
export const silence = defineFault({
  schema: v.strictObject({
    kind: v.literal('silence'),
    after: v.optional(v.picklist(['accept', 'headers', 'role', 'comments']), 'accept'),
    /** From one keep-alive comment to the next. */
    everyMs: v.optional(v.pipe(durationMsSchema, v.minValue(1)), 1000),
    ...modifiers,
  }),
  positional: ['after', 'everyMs'],
  rewrite(script, { after, everyMs }) {
    switch (after) {
      case 'accept':
        return { ...script, steps: [stall] }
      case 'headers':
        return { ...script, steps: [...before(script, (step) => step.do === 'event' || isText(step)), stall] }
      case 'role':
        return { ...script, steps: [...before(script, (step) => isToken(step) || isText(step)), stall] }
      case 'comments': {
        const text = isWhole(script) ? '\n' : ': keep-alive\n\n'
        const open = mapHead(script, (head) => ({ ...head, framing: 'chunked' }))
        const steps = before(open, (step) => isToken(step) || isText(step))
        return { ...open, steps: [...steps, { do: 'repeat', text, everyMs }] }
      }
    }
  },
})

/** Sends so many tokens, then nothing. */
export const stallAfterTokens = defineFault({
  schema: v.strictObject({ kind: v.literal('stall'), afterTokens: countSchema, ...modifiers }),
  positional: ['afterTokens'],
  rewrite: (script, { afterTokens }) => breakOff(script, afterTokens, [stall]),
})
