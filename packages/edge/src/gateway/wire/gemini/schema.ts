import * as v from 'valibot'
import { tokenCount } from '../token-count.ts'

/** What the gateway reads of Gemini's answers, whole ones and the events of streams alike. https://ai.google.dev/api/generate-content */

const part = v.looseObject({
  text: v.nullish(v.string()),
  /** Whether the text is a summary of thoughts. */
  thought: v.nullish(v.boolean()),
  functionCall: v.nullish(
    v.looseObject({
      id: v.nullish(v.string()),
      name: v.string(),
      // Not a record: valibot's drop keys such as `constructor`, which a tool may well have.
      args: v.optional(v.unknown()),
    }),
  ),
})

export const usageSchema = v.looseObject({
  promptTokenCount: tokenCount,
  cachedContentTokenCount: tokenCount,
  candidatesTokenCount: tokenCount,
  thoughtsTokenCount: tokenCount,
  toolUsePromptTokenCount: tokenCount,
})

/** All fields may be left out, but what has none of these is something else. */
const signs = v.custom<object>(
  (body) =>
    typeof body === 'object' &&
    body !== null &&
    ['candidates', 'promptFeedback', 'usageMetadata'].some((field) => Object.hasOwn(body, field)),
)

export const responseSchema = v.pipe(
  signs,
  v.looseObject({
    responseId: v.nullish(v.string()),
    modelVersion: v.nullish(v.string()),
    candidates: v.nullish(
      v.array(
        v.looseObject({
          content: v.nullish(v.looseObject({ parts: v.nullish(v.array(part)) })),
          finishReason: v.nullish(v.string()),
        }),
      ),
    ),
    promptFeedback: v.nullish(v.looseObject({ blockReason: v.nullish(v.string()) })),
    usageMetadata: v.fallback(v.nullish(usageSchema), null),
  }),
)

export type Response = v.InferOutput<typeof responseSchema>
export type AnswerPart = v.InferOutput<typeof part>

/** Google's error model. https://cloud.google.com/apis/design/errors */
export const errorSchema = v.looseObject({
  error: v.looseObject({
    code: v.nullish(v.number()),
    message: v.nullish(v.string()),
    status: v.nullish(v.string()),
    details: v.fallback(
      v.nullish(v.array(v.looseObject({ reason: v.nullish(v.string()), retryDelay: v.nullish(v.string()) }))),
      null,
    ),
  }),
})
