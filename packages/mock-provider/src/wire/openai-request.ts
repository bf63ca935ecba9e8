import * as v from 'valibot'
import type { Prompt, PromptMessage, ToolChoice } from '../answer/prompt.ts'
import { describeIssue, joinTexts, objectSchema } from './request-schema.ts'
import type { PromptResult } from './wire.ts'

const message = v.looseObject({
  role: v.picklist(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: v.nullish(
    v.union([v.string(), v.array(v.looseObject({ type: v.string(), text: v.optional(v.string()) }))]),
  ),
  tool_calls: v.nullish(v.array(v.unknown())),
})

const positive = v.pipe(v.number(), v.integer(), v.minValue(1))

const requestSchema = v.looseObject({
  model: v.pipe(v.string(), v.nonEmpty()),
  messages: v.pipe(v.array(message), v.nonEmpty()),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.optional(v.boolean()) })),
  max_tokens: v.nullish(positive),
  max_completion_tokens: v.nullish(positive),
  stop: v.nullish(v.union([v.string(), v.array(v.string())])),
  tools: v.nullish(
    v.array(
      v.looseObject({
        type: v.literal('function'),
        function: v.looseObject({ name: v.string(), parameters: v.optional(objectSchema, {}) }),
      }),
    ),
  ),
  tool_choice: v.nullish(
    v.union([
      v.picklist(['none', 'auto', 'required']),
      v.looseObject({ type: v.literal('function'), function: v.looseObject({ name: v.string() }) }),
    ]),
  ),
  response_format: v.nullish(
    v.variant('type', [
      v.looseObject({ type: v.literal('text') }),
      v.looseObject({ type: v.literal('json_object') }),
      v.looseObject({
        type: v.literal('json_schema'),
        json_schema: v.looseObject({ schema: v.optional(objectSchema, {}) }),
      }),
    ]),
  ),
})

type OpenAiRequest = v.InferOutput<typeof requestSchema>

/** Reads the body of a Chat Completions call. */
export function readOpenAiPrompt(body: unknown): PromptResult {
  const result = v.safeParse(requestSchema, body)
  if (!result.success) return { ok: false, message: `Invalid request: ${describeIssue(result.issues[0])}` }
  return { ok: true, prompt: toPrompt(result.output) }
}

function toPrompt(request: OpenAiRequest): Prompt {
  const stop = request.stop ?? []
  return {
    model: request.model,
    stream: request.stream ?? false,
    messages: request.messages.map(toMessage),
    tools: (request.tools ?? []).map((tool) => ({
      name: tool.function.name,
      schema: tool.function.parameters,
    })),
    toolChoice: toToolChoice(request),
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? null,
    stopSequences: typeof stop === 'string' ? [stop] : stop,
    outputSchema: toOutputSchema(request),
    includeUsage: request.stream_options?.include_usage ?? false,
  }
}

function toMessage({ role, content, tool_calls }: OpenAiRequest['messages'][number]): PromptMessage {
  const text = typeof content === 'string' ? content : joinTexts(content ?? [])
  const callsTools = (tool_calls ?? []).length > 0
  if (role === 'developer') return { role: 'system', text, callsTools }
  return { role: role === 'function' ? 'tool' : role, text, callsTools }
}

function toToolChoice({ tool_choice: choice }: OpenAiRequest): ToolChoice {
  if (choice === null || choice === undefined) return 'auto'
  return typeof choice === 'string' ? choice : { name: choice.function.name }
}

function toOutputSchema({ response_format: format }: OpenAiRequest): Prompt['outputSchema'] {
  if (format?.type === 'json_schema') return format.json_schema.schema
  return format?.type === 'json_object' ? { properties: { answer: {} }, required: ['answer'] } : null
}
