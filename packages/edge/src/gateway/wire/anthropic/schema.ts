import * as v from 'valibot'
import { stringOrArray } from '../string-or-array.ts'
import { tokenCount } from '../token-count.ts'

/**
 * The parts of Anthropic's Messages format that the gateway understands. Objects are loose: what is unknown passes
 * to providers of the same format untouched. https://docs.anthropic.com/en/api/messages
 */

const textBlock = v.looseObject({ type: v.literal('text'), text: v.string() })
const imageBlock = v.looseObject({
  type: v.literal('image'),
  source: v.looseObject({
    type: v.string(),
    url: v.optional(v.string()),
    media_type: v.optional(v.string()),
    data: v.optional(v.string()),
  }),
})
const toolUseBlock = v.looseObject({
  type: v.literal('tool_use'),
  id: v.string(),
  name: v.string(),
  input: v.unknown(),
})
const unknownBlock = v.looseObject({ type: v.string() })
// Results hold text and images; whatever else stands there stays unread, which also keeps nesting shallow.
const resultBlock = blockOf({ text: textBlock })
const toolResultBlock = v.looseObject({
  type: v.literal('tool_result'),
  tool_use_id: v.string(),
  content: v.optional(v.union([v.string(), v.array(resultBlock)])),
  is_error: v.nullish(v.boolean()),
})
const contentBlock = blockOf({
  text: textBlock,
  image: imageBlock,
  tool_use: toolUseBlock,
  tool_result: toolResultBlock,
})

export type TextBlock = v.InferOutput<typeof textBlock>
export type ImageBlock = v.InferOutput<typeof imageBlock>
export type ToolUseBlock = v.InferOutput<typeof toolUseBlock>
export type ToolResultBlock = v.InferOutput<typeof toolResultBlock>
export type ContentBlock = v.InferOutput<typeof contentBlock>

/** A block is checked by its type's schema; a type that is not among `known` only has to be named. */
function blockOf<S extends v.GenericSchema>(
  known: Record<string, S>,
): v.GenericSchema<unknown, v.InferOutput<S> | v.InferOutput<typeof unknownBlock>> {
  return v.lazy((input) => {
    const type = (input as { type?: unknown } | null)?.type
    return typeof type === 'string' && Object.hasOwn(known, type)
      ? (known[type] ?? unknownBlock)
      : unknownBlock
  }) as v.GenericSchema<unknown, v.InferOutput<S> | v.InferOutput<typeof unknownBlock>>
}

const content = stringOrArray(contentBlock, 'content blocks')

const tool = v.looseObject({
  type: v.nullish(v.string()),
  name: v.string(),
  description: v.optional(v.string()),
  input_schema: v.optional(v.record(v.string(), v.unknown())),
  strict: v.nullish(v.boolean()),
})

const unit = v.pipe(v.number(), v.minValue(0, 'must be 0 to 1'), v.maxValue(1, 'must be 0 to 1'))

export const requestSchema = v.looseObject({
  model: v.pipe(v.string(), v.minLength(1, 'must name a model')),
  max_tokens: v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(1, 'must be at least 1')),
  messages: v.pipe(
    v.array(v.looseObject({ role: v.picklist(['user', 'assistant', 'system']), content })),
    v.minLength(1, 'must hold at least one message'),
  ),
  system: v.optional(v.union([v.string(), v.array(textBlock)], 'a string or an array of text blocks')),
  stream: v.optional(v.boolean()),
  temperature: v.optional(unit),
  top_p: v.optional(unit),
  stop_sequences: v.optional(v.array(v.string())),
  tools: v.optional(v.array(tool)),
  tool_choice: v.optional(
    v.looseObject({
      type: v.picklist(['auto', 'any', 'tool', 'none']),
      name: v.optional(v.string()),
      disable_parallel_tool_use: v.optional(v.boolean()),
    }),
  ),
  metadata: v.optional(v.looseObject({ user_id: v.nullish(v.string()) })),
  output_config: v.optional(
    v.looseObject({
      format: v.nullish(v.looseObject({ type: v.string(), schema: v.optional(v.unknown()) })),
    }),
  ),
})

export type RequestBody = v.InferOutput<typeof requestSchema>

export const usageSchema = v.looseObject({
  input_tokens: tokenCount,
  output_tokens: tokenCount,
  cache_read_input_tokens: tokenCount,
  cache_creation_input_tokens: tokenCount,
})

const answerBlock = v.looseObject({
  type: v.string(),
  text: v.optional(v.string()),
  thinking: v.optional(v.string()),
  id: v.optional(v.string()),
  name: v.optional(v.string()),
  input: v.optional(v.unknown()),
})

export const answerSchema = v.looseObject({
  type: v.literal('message'),
  id: v.optional(v.string(), ''),
  model: v.optional(v.string(), ''),
  content: v.array(answerBlock),
  stop_reason: v.nullish(v.string()),
  usage: v.nullish(usageSchema),
})

/** Every event of a stream, told apart by its `type`. Types that are not listed carry nothing that the gateway needs. */
export const eventSchema = v.looseObject({
  type: v.string(),
  index: v.optional(v.number(), 0),
  message: v.optional(
    v.looseObject({
      id: v.optional(v.string(), ''),
      model: v.optional(v.string(), ''),
      usage: v.nullish(usageSchema),
    }),
  ),
  content_block: v.optional(answerBlock),
  delta: v.optional(
    v.looseObject({
      type: v.optional(v.string()),
      text: v.optional(v.string()),
      thinking: v.optional(v.string()),
      partial_json: v.optional(v.string()),
      stop_reason: v.nullish(v.string()),
    }),
  ),
  usage: v.nullish(usageSchema),
})

export const errorSchema = v.looseObject({
  error: v.looseObject({ type: v.nullish(v.string()), message: v.nullish(v.string()) }),
})
