import * as v from 'valibot'
import { observedConditions } from './condition.ts'

/** How an answer came about. Only the first four are whole. */
export const answerKinds = ['complete', 'continued', 'cached', 'stale', 'incomplete'] as const
export type AnswerKind = (typeof answerKinds)[number]

const answeredBy = {
  provider: v.nullable(v.string()),
  attempts: v.nullable(v.number()),
}

/**
 * One line of the answer to `POST /api/chat` (newline-delimited JSON). A stream is `start`, any number of `text`, then
 * exactly one `end` or `error`; if neither comes, the connection broke and the answer is incomplete.
 */
export const chatEvent = v.variant('type', [
  v.object({
    type: v.literal('start'),
    ...answeredBy,
    /** How much of the conversation was sent along, where it was not all. */
    memory: v.optional(v.picklist(['recent', 'question'])),
  }),
  v.object({ type: v.literal('text'), text: v.string() }),
  v.object({
    type: v.literal('end'),
    answer: v.picklist(answerKinds),
    ...answeredBy,
    /** Why it is incomplete, in plain words. */
    reason: v.optional(v.string()),
  }),
  v.object({ type: v.literal('error'), message: v.string(), advice: v.string() }),
])
export type ChatEvent = v.InferOutput<typeof chatEvent>

/** What `POST /api/chat` answers instead of a stream when there is nothing to stream. */
export const chatProblem = v.object({ error: v.object({ message: v.string(), advice: v.string() }) })
export type ChatProblem = v.InferOutput<typeof chatProblem>

/** `GET /api/providers`. */
export const providerList = v.object({
  providers: v.array(
    v.object({
      id: v.string(),
      name: v.string(),
      /** False for real providers, which nobody can tire from here. */
      controllable: v.boolean(),
      condition: v.picklist(observedConditions),
    }),
  ),
})
export type ProviderList = v.InferOutput<typeof providerList>
export type ProviderState = ProviderList['providers'][number]
