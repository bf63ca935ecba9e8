import * as v from 'valibot'
import { stringOrArray } from '../string-or-array.ts'
import { tokenCount } from '../token-count.ts'

/**
 * The parts of OpenAI's chat format that the gateway understands. Objects are loose: what is unknown passes to
 * providers of the same format untouched. https://platform.openai.com/docs/api-reference/chat
 */

const textPart = v.looseObject({ type: v.literal('text'), text: v.string() })
const imagePart = v.looseObject({
  type: v.literal('image_url'),
  image_url: v.looseObject({ url: v.string(), detail: v.nullish(v.string()) }),
})
const unknownPart = v.looseObject({ type: v.string() })
const contentPart = v.lazy((input) => {
  const type = (input as { type?: unknown } | null)?.type
  if (type === 'text') return textPart
  return type === 'image_url' ? imagePart : unknownPart
}) as v.GenericSchema<unknown, ContentPart>

export type ContentPart =
  | v.InferOutput<typeof textPart>
  | v.InferOutput<typeof imagePart>
  | v.InferOutput<typeof unknownPart>

const content = stringOrArray(contentPart, 'content parts')

const toolCall = v.looseObject({
  id: v.string(),
  type: v.nullish(v.string()),
  function: v.optional(v.looseObject({ name: v.string(), arguments: v.string() })),
})

const message = v.variant('role', [
  v.looseObject({ role: v.picklist(['system', 'developer']), content }),
  v.looseObject({ role: v.literal('user'), content }),
  v.looseObject({
    role: v.literal('assistant'),
    content: v.nullish(content),
    tool_calls: v.nullish(v.array(toolCall)),
  }),
  v.looseObject({ role: v.literal('tool'), content, tool_call_id: v.string() }),
  v.looseObject({ role: v.literal('function'), content: v.nullish(content), name: v.string() }),
])

const tool = v.looseObject({
  type: v.string(),
  function: v.optional(
    v.looseObject({
      name: v.string(),
      description: v.nullish(v.string()),
      parameters: v.nullish(v.record(v.string(), v.unknown())),
      strict: v.nullish(v.boolean()),
    }),
  ),
})

const positiveInteger = v.pipe(
  v.number(),
  v.integer('must be a whole number'),
  v.minValue(1, 'must be at least 1'),
)

export const requestSchema = v.looseObject({
  model: v.pipe(v.string(), v.minLength(1, 'must name a model')),
  messages: v.pipe(v.array(message), v.minLength(1, 'must hold at least one message')),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.nullish(v.boolean()) })),
  n: v.nullish(positiveInteger),
  max_tokens: v.nullish(positiveInteger),
  max_completion_tokens: v.nullish(positiveInteger),
  temperature: v.nullish(
    v.pipe(v.number(), v.minValue(0, 'must be 0 to 2'), v.maxValue(2, 'must be 0 to 2')),
  ),
  top_p: v.nullish(v.pipe(v.number(), v.minValue(0, 'must be 0 to 1'), v.maxValue(1, 'must be 0 to 1'))),
  stop: v.nullish(v.union([v.string(), v.array(v.string())], 'a string or an array of strings')),
  tools: v.nullish(v.array(tool)),
  tool_choice: v.nullish(
    v.union(
      [
        v.string(),
        v.looseObject({ type: v.string(), function: v.optional(v.looseObject({ name: v.string() })) }),
      ],
      "'none', 'auto', 'required' or an object that names a function",
    ),
  ),
  parallel_tool_calls: v.nullish(v.boolean()),
  response_format: v.nullish(
    v.looseObject({
      type: v.string(),
      json_schema: v.optional(v.looseObject({ name: v.string(), schema: v.nullish(v.unknown()) })),
    }),
  ),
  user: v.nullish(v.string()),
})

export type RequestBody = v.InferOutput<typeof requestSchema>
export type RequestMessage = RequestBody['messages'][number]

const piece = v.looseObject({
  type: v.string(),
  text: v.nullish(v.string()),
  thinking: v.nullish(v.array(v.looseObject({ text: v.nullish(v.string()) }))),
})
export const answerContentSchema = v.nullish(v.union([v.string(), v.array(piece)]))

export const usageSchema = v.looseObject({
  prompt_tokens: tokenCount,
  completion_tokens: tokenCount,
  prompt_tokens_details: v.nullish(v.looseObject({ cached_tokens: tokenCount })),
})

const toolCallDelta = v.looseObject({
  index: v.nullish(v.number()),
  id: v.nullish(v.string()),
  function: v.nullish(v.looseObject({ name: v.nullish(v.string()), arguments: v.nullish(v.string()) })),
})

export const chunkSchema = v.looseObject({
  id: v.nullish(v.string()),
  model: v.nullish(v.string()),
  choices: v.nullish(
    v.array(
      v.looseObject({
        index: v.optional(v.number(), 0),
        delta: v.nullish(
          v.looseObject({
            content: answerContentSchema,
            refusal: v.nullish(v.string()),
            reasoning_content: v.nullish(v.string()),
            reasoning: v.nullish(v.string()),
            tool_calls: v.nullish(v.array(toolCallDelta)),
            // Output that only this format has.
            function_call: v.optional(v.unknown()),
            audio: v.optional(v.unknown()),
          }),
        ),
        finish_reason: v.nullish(v.string()),
      }),
    ),
  ),
  usage: v.fallback(v.nullish(usageSchema), null),
})

export const answerSchema = v.looseObject({
  id: v.nullish(v.string()),
  model: v.nullish(v.string()),
  choices: v.pipe(
    v.array(
      v.looseObject({
        message: v.looseObject({
          content: answerContentSchema,
          refusal: v.nullish(v.string()),
          reasoning_content: v.nullish(v.string()),
          reasoning: v.nullish(v.string()),
          tool_calls: v.nullish(v.array(toolCall)),
        }),
        finish_reason: v.nullish(v.string()),
      }),
    ),
    v.minLength(1),
  ),
  usage: v.fallback(v.nullish(usageSchema), null),
})

const errorDetail = v.looseObject({
  message: v.nullish(v.string()),
  type: v.nullish(v.string()),
  code: v.nullish(v.union([v.string(), v.number()])),
  param: v.nullish(v.string()),
})

/** Some servers send an empty `error` with every answer; one that says nothing is none. */
export const errorSchema = v.looseObject({
  error: v.union([
    v.pipe(v.string(), v.minLength(1)),
    v.pipe(
      errorDetail,
      v.check(
        ({ message, type, code }) =>
          Boolean(message) || Boolean(type) || (code !== null && code !== undefined),
      ),
    ),
  ]),
})
