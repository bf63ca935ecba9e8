import * as v from 'valibot'
import type { Prompt, PromptMessage, ToolChoice } from '../answer/prompt.ts'
import { describeIssue, joinTexts, objectSchema } from './request-schema.ts'
import type { PromptResult } from './wire.ts'

const block = v.looseObject({ type: v.string(), text: v.optional(v.string()) })
const content = v.union([v.string(), v.array(block)])

const requestSchema = v.looseObject({
  model: v.pipe(v.string(), v.nonEmpty()),
  max_tokens: v.pipe(v.number(), v.integer(), v.minValue(1)),
  messages: v.pipe(
    v.array(v.looseObject({ role: v.picklist(['user', 'assistant', 'system']), content })),
    v.nonEmpty(),
  ),
  system: v.nullish(content),
  stream: v.nullish(v.boolean()),
  stop_sequences: v.nullish(v.array(v.string())),
  tools: v.nullish(v.array(v.looseObject({ name: v.string(), input_schema: v.optional(objectSchema, {}) }))),
  tool_choice: v.nullish(
    v.variant('type', [
      v.looseObject({ type: v.picklist(['auto', 'any', 'none']) }),
      v.looseObject({ type: v.literal('tool'), name: v.string() }),
    ]),
  ),
  output_config: v.nullish(
    v.looseObject({
      format: v.nullish(v.looseObject({ type: v.literal('json_schema'), schema: objectSchema })),
    }),
  ),
})

type AnthropicRequest = v.InferOutput<typeof requestSchema>

/** Reads the body of a Messages call. */
export function readAnthropicPrompt(body: unknown): PromptResult {
  const result = v.safeParse(requestSchema, body)
  if (!result.success) return { ok: false, message: describeIssue(result.issues[0]) }
  const prompt = toPrompt(result.output)
  const last = prompt.messages.at(-1)
  if (last?.role === 'assistant' && !last.callsTools && /\s$/.test(last.text)) {
    return { ok: false, message: 'messages: final assistant content cannot end with trailing whitespace' }
  }
  return { ok: true, prompt }
}

function toPrompt(request: AnthropicRequest): Prompt {
  const system = request.system ?? ''
  return {
    model: request.model,
    stream: request.stream ?? false,
    messages: [
      ...(system === '' ? [] : [{ role: 'system' as const, text: textOf(system), callsTools: false }]),
      ...request.messages.map(toMessage),
    ],
    tools: (request.tools ?? []).map((tool) => ({ name: tool.name, schema: tool.input_schema })),
    toolChoice: toToolChoice(request),
    maxTokens: request.max_tokens,
    stopSequences: request.stop_sequences ?? [],
    outputSchema: request.output_config?.format?.schema ?? null,
    includeUsage: true,
  }
}

function toMessage({ role, content }: AnthropicRequest['messages'][number]): PromptMessage {
  const blocks = typeof content === 'string' ? [] : content
  const returnsTool = blocks.some(({ type }) => type === 'tool_result')
  const callsTools = blocks.some(({ type }) => type === 'tool_use')
  return { role: returnsTool ? 'tool' : role, text: textOf(content), callsTools }
}

function textOf(value: v.InferOutput<typeof content>): string {
  return typeof value === 'string' ? value : joinTexts(value)
}

function toToolChoice({ tool_choice: choice }: AnthropicRequest): ToolChoice {
  if (choice === null || choice === undefined) return 'auto'
  if (choice.type === 'tool') return { name: choice.name }
  return choice.type === 'any' ? 'required' : choice.type
}
