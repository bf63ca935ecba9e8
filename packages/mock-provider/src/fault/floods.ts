import * as v from 'valibot'
import { isWhole, type Script, type Step } from '../script/script.ts'
import type { WireEvent } from '../wire/wire.ts'
import { defineFault, type FaultContext } from './define-fault.ts'
import { countSchema, modifiers } from './modifiers.ts'
import { afterTokens as indexAfter, before, mapHead } from './script-position.ts'

/** One write; large enough that a flood is as fast as the client reads. */
const WRITE_BYTES = 65_536

/**
 * Sends without end, as fast as the client takes it: comments, one comment that never closes its line, one line of
 * data, data lines of one event, empty tokens, or (`after-finish`) copies of the finish marker where the end should be.
 * An answer that is not streamed never closes its JSON.
 */
export const endless = defineFault({
  schema: v.strictObject({
    kind: v.literal('endless'),
    of: v.picklist(['comments', 'comment', 'line', 'lines', 'empty-tokens', 'after-finish']),
    afterTokens: v.optional(countSchema, 0),
    ...modifiers,
  }),
  positional: ['of', 'afterTokens'],
  rewrite(script, { of, afterTokens }, context) {
    const open = mapHead(script, (head) => ({ ...head, framing: 'chunked' }))
    if (isWhole(open)) {
      const steps = before(open, (step) => step.do === 'text')
      return { ...open, steps: [...steps, said('{"padding":"'), flood('x')] }
    }
    switch (of) {
      case 'comments':
        return from(open, indexAfter(open, afterTokens), [flood(': keep-alive\n\n')])
      case 'comment':
        return from(open, indexAfter(open, afterTokens), [said(': '), flood('x')])
      case 'line':
        return from(open, indexAfter(open, afterTokens), [said('data: '), flood('x')])
      case 'lines':
        return from(open, indexAfter(open, afterTokens), [flood('data: x\n')])
      case 'empty-tokens':
        return from(open, indexAfter(open, afterTokens), [flood(emptyToken(context))])
      case 'after-finish': {
        const finish = open.steps.findLastIndex((step) => step.do === 'event' && step.part === 'finish')
        const step = open.steps[finish]
        return step?.do === 'event' ? from(open, finish, [flood(spell(step))]) : open
      }
    }
  },
})

const from = (script: Script, index: number, rest: readonly Step[]): Script => ({
  ...script,
  steps: [...script.steps.slice(0, index), ...rest],
})

const said = (text: string): Step => ({ do: 'text', text, tokens: 0 })

const flood = (text: string): Step => ({
  do: 'repeat',
  text: text.repeat(Math.ceil(WRITE_BYTES / text.length)),
  everyMs: 0,
})

/** A token that says nothing. */
function emptyToken({ wire, context, answer }: FaultContext): string {
  const silent = { ...answer, pieces: [''] }
  return wire
    .events(silent, context)
    .filter(({ part }) => part === 'token')
    .map(spell)
    .join('')
}

const spell = ({ event, data }: Pick<WireEvent, 'event' | 'data'>): string =>
  `${event === null ? '' : `event: ${event}\n`}data: ${data}\n\n`
