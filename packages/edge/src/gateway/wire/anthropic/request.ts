import * as v from 'valibot'
import type { ChatRequest, Content, Conversation, ImageSource, Message, ToolChoice } from '../conversation.ts'
import { toBadRequest } from '../field-names.ts'
import { unknownKeys } from '../unknown-keys.ts'
import type { Parsed } from '../wire.ts'
import {
  requestSchema,
  type ContentBlock,
  type ImageBlock,
  type RequestBody,
  type TextBlock,
  type ToolResultBlock,
  type ToolUseBlock,
} from './schema.ts'

export function parseAnthropicRequest(body: unknown): Parsed<ChatRequest> {
  const parsed = v.safeParse(requestSchema, body, { abortEarly: true })
  if (!parsed.success) return { ok: false, bad: toBadRequest(parsed.issues) }
  const request = parsed.output
  const blocks = request.messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content))
  return {
    ok: true,
    value: {
      model: request.model,
      stream: request.stream === true,
      choices: 1,
      includeUsage: true,
      body: request,
      needs: {
        tools: (request.tools?.length ?? 0) > 0,
        images: blocks.some((block) => block.type === 'image'),
        jsonSchema: request.output_config?.format?.type === 'json_schema',
        untranslatable: [...unknownFields(request), ...unknownContent(request)],
      },
      conversation: () => toConversation(request),
    },
  }
}

const TRANSLATED = new Set<string>(Object.keys(requestSchema.entries))

function unknownFields(request: RequestBody): string[] {
  const fields = Object.entries(request)
    .filter(([key, value]) => !TRANSLATED.has(key) && value !== null && !isDefault(key, value))
    .map(([key]) => key)
  const { output_config: output } = request
  if (output && Object.keys(output).some((key) => key !== 'format')) fields.push('output_config')
  if (output?.format && output.format.type !== 'json_schema') fields.push('output_config.format')
  // OpenAI takes four at most.
  if ((request.stop_sequences?.length ?? 0) > 4) fields.push('stop_sequences')
  return [...fields, ...unknownKeys(request.metadata ?? {}, METADATA_KEYS, 'metadata')]
}

const METADATA_KEYS = new Set(['user_id'])
const TOOL_KEYS = new Set(['type', 'name', 'description', 'input_schema', 'strict'])
const MESSAGE_KEYS = new Set(['role', 'content'])

const isDefault = (key: string, value: unknown): boolean =>
  (key === 'thinking' && (value as { type?: unknown }).type === 'disabled') ||
  (key === 'service_tier' && value === 'auto')

function unknownContent(request: RequestBody): string[] {
  const tools = (request.tools ?? []).flatMap((tool, index) =>
    tool.type === 'custom' || tool.type === undefined || tool.type === null
      ? unknownKeys(tool, TOOL_KEYS, `tools[${index}]`)
      : [`tools[${index}].type`],
  )
  const messages = request.messages.flatMap((message, index) => {
    const { role, content } = message
    const field = `messages[${index}]`
    const unknown =
      typeof content === 'string'
        ? []
        : content.flatMap((block, at) => unknownBlock(block, role, `${field}.content[${at}]`))
    // An answer that the caller has begun is continued here; elsewhere it is taken for a whole turn.
    const begun = role === 'assistant' && index === request.messages.length - 1
    return [
      ...(role === 'system' || begun ? [`${field}.role`] : []),
      ...unknownKeys(message, MESSAGE_KEYS, field),
      ...unknown,
    ]
  })
  return [...tools, ...messages]
}

type Role = RequestBody['messages'][number]['role']

/** Other formats have a place for calls in the assistant's turns alone, and for images and results in the user's. */
function unknownBlock(block: ContentBlock, role: Role, field: string): string[] {
  if (isText(block)) return []
  if (isToolUse(block)) return role === 'assistant' ? [] : [field]
  if (role === 'assistant') return [field]
  if (isImage(block)) return toImageSource(block) === null ? [`${field}.source`] : []
  if (!isToolResult(block)) return [field]
  // Tool results of other formats are text.
  const inner = typeof block.content === 'object' ? block.content : []
  return inner.every(isText) ? [] : [`${field}.content`]
}

const isText = (block: ContentBlock): block is TextBlock => block.type === 'text'
const isImage = (block: ContentBlock): block is ImageBlock => block.type === 'image'
const isToolUse = (block: ContentBlock): block is ToolUseBlock => block.type === 'tool_use'
const isToolResult = (block: ContentBlock): block is ToolResultBlock => block.type === 'tool_result'

function toConversation(request: RequestBody): Conversation {
  const { tool_choice: choice, output_config: output } = request
  return {
    system:
      typeof request.system === 'string'
        ? request.system
        : (request.system?.map(({ text }) => text).join('\n\n') ?? null),
    messages: request.messages.flatMap(({ role, content }): Message[] =>
      role === 'system' ? [] : [{ role, content: toContent(content) }],
    ),
    tools: (request.tools ?? []).map((tool) => ({
      name: tool.name,
      description: tool.description ?? null,
      schema: tool.input_schema ?? { type: 'object', properties: {} },
      strict: tool.strict ?? null,
    })),
    toolChoice: choice === undefined ? null : toToolChoice(choice),
    parallelTools: choice?.disable_parallel_tool_use === undefined ? null : !choice.disable_parallel_tool_use,
    maxTokens: request.max_tokens,
    temperature: request.temperature ?? null,
    topP: request.top_p ?? null,
    stop: request.stop_sequences ?? [],
    jsonSchema:
      output?.format?.type === 'json_schema' ? { name: 'answer', schema: output.format.schema ?? {} } : null,
    user: request.metadata?.user_id ?? null,
  }
}

function toToolChoice({ type, name }: NonNullable<RequestBody['tool_choice']>): ToolChoice {
  if (type === 'any') return { kind: 'required' }
  return type === 'tool' ? { kind: 'tool', name: name ?? '' } : { kind: type }
}

function toContent(content: string | readonly ContentBlock[]): Content[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content }]
  return content.flatMap((block): Content[] => {
    if (isText(block)) return [{ kind: 'text', text: block.text }]
    if (isToolUse(block)) return [{ kind: 'tool-use', id: block.id, name: block.name, input: block.input }]
    if (isToolResult(block)) {
      return [
        {
          kind: 'tool-result',
          id: block.tool_use_id,
          content: toContent(block.content ?? ''),
          isError: block.is_error === true,
        },
      ]
    }
    const source = isImage(block) ? toImageSource(block) : null
    return source === null ? [] : [{ kind: 'image', source }]
  })
}

function toImageSource({ source }: ImageBlock): ImageSource | null {
  if (source.type === 'url' && source.url !== undefined) return { kind: 'url', url: source.url }
  if (source.type !== 'base64' || source.media_type === undefined || source.data === undefined) return null
  return { kind: 'data', mediaType: source.media_type, base64: source.data }
}
