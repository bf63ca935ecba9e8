import * as v from 'valibot'
import { prefillOf } from '../answer/prompt.ts'
import { composeRefusal } from '../script/compose-script.ts'
import { defineFault } from './define-fault.ts'
import { countSchema, modifiers } from './modifiers.ts'

/** 429, in seconds `retryAfterS` if it is given. */
export const rateLimit = defineFault({
  schema: v.strictObject({
    kind: v.literal('rate-limit'),
    retryAfterS: v.optional(countSchema),
    ...modifiers,
  }),
  positional: ['retryAfterS'],
  rewrite: (_, fault, context) => composeRefusal(withRetry('rate-limit', fault.retryAfterS), context),
})

/** 503. */
export const unavailable = defineFault({
  schema: v.strictObject({
    kind: v.literal('unavailable'),
    retryAfterS: v.optional(countSchema),
    ...modifiers,
  }),
  positional: ['retryAfterS'],
  rewrite: (_, fault, context) => composeRefusal(withRetry('unavailable', fault.retryAfterS), context),
})

/** 500. */
export const serverError = defineFault({
  schema: v.strictObject({ kind: v.literal('server-error'), ...modifiers }),
  positional: [],
  rewrite: (_, fault, context) => composeRefusal(fault, context),
})

/** 529. */
export const overloaded = defineFault({
  schema: v.strictObject({ kind: v.literal('overloaded'), ...modifiers }),
  positional: [],
  rewrite: (_, fault, context) => composeRefusal(fault, context),
})

/** 401. */
export const auth = defineFault({
  schema: v.strictObject({ kind: v.literal('auth'), ...modifiers }),
  positional: [],
  rewrite: (_, fault, context) => composeRefusal(fault, context),
})

/** 400: the prompt is too long. */
export const contextLength = defineFault({
  schema: v.strictObject({ kind: v.literal('context-length'), ...modifiers }),
  positional: [],
  rewrite: (_, fault, context) => composeRefusal(fault, context),
})

/** 400: the prompt is against the rules. */
export const contentPolicy = defineFault({
  schema: v.strictObject({ kind: v.literal('content-policy'), ...modifiers }),
  positional: [],
  rewrite: (_, fault, context) => composeRefusal(fault, context),
})

/** 400, only for a prompt that ends with an assistant message. */
export const prefillRefused = defineFault({
  schema: v.strictObject({ kind: v.literal('prefill-refused'), ...modifiers }),
  positional: [],
  appliesTo: ({ prompt }) => prefillOf(prompt) !== null,
  rewrite: (_, fault, context) => composeRefusal(fault, context),
})

function withRetry<Kind extends string>(kind: Kind, retryAfterS: number | undefined) {
  return { kind, ...(retryAfterS === undefined ? {} : { retryAfterS }) }
}
