import * as v from 'valibot'
import { isWhole, type Script, type Step } from '../script/script.ts'
import { defineFault } from './define-fault.ts'
import { countSchema, modifiers } from './modifiers.ts'
import { afterTokens as indexAfter, breakOff } from './script-position.ts'

// Receivers throw away what they hold when a reset arrives; this lets them take what was sent before it.
const settleMs = 20

const bySchema = v.optional(v.picklist(['reset', 'close', 'end']), 'reset')
type By = 'reset' | 'close' | 'end'

function endingBy(by: By, script: Script): readonly Step[] {
  if (by === 'reset')
    return [
      { do: 'wait', until: 'cut', ms: settleMs },
      { do: 'end', how: 'reset' },
    ]
  // A body with a promised length can't end early in good order.
  return [{ do: 'end', how: by === 'close' || isWhole(script) ? 'close' : 'cut' }]
}

/** Resets the connection before it sends a byte. */
export const reset = defineFault({
  schema: v.strictObject({ kind: v.literal('reset'), ...modifiers }),
  positional: [],
  rewrite: (script) => ({ ...script, steps: [{ do: 'end', how: 'reset' }] }),
})

/**
 * Breaks off after so many tokens, and in any case before the finish marker: by a reset, by closing the connection
 * inside the body (`close`), or as if the body were over (`end`).
 */
export const cut = defineFault({
  schema: v.strictObject({ kind: v.literal('cut'), afterTokens: countSchema, by: bySchema, ...modifiers }),
  positional: ['afterTokens', 'by'],
  rewrite: (script, { afterTokens, by }) => breakOff(script, afterTokens, endingBy(by, script)),
})

/** Breaks off in the middle of a tool call's arguments, inside an event. */
export const cutInToolCall = defineFault({
  schema: v.strictObject({ kind: v.literal('cut-in-tool-call'), by: bySchema, ...modifiers }),
  positional: ['by'],
  appliesTo: ({ answer }) => answer.type === 'tool-call',
  rewrite(script, { by }) {
    const tokens = script.steps.filter((step) => step.do === 'event' && step.part === 'token').length
    const half = Math.floor(tokens / 2)
    const next = script.steps[indexAfter(script, half)]
    if (next?.do !== 'event') return breakOff(script, script.steps.length, endingBy(by, script))
    const piece: Step = { do: 'text', text: `data: ${next.data.slice(0, next.data.length / 2)}`, tokens: 0 }
    return breakOff(script, half, [piece, ...endingBy(by, script)])
  },
})
