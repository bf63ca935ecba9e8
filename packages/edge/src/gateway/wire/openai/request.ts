import * as v from 'valibot'
import type { ChatRequest, Content, Conversation, Message, ToolChoice } from '../conversation.ts'
import { toBadRequest } from '../field-names.ts'
import { parseJson } from '../parse-json.ts'
import { unknownKeys } from '../unknown-keys.ts'
import type { Parsed } from '../wire.ts'
import { requestSchema, type ContentPart, type RequestBody, type RequestMessage } from './schema.ts'

export function parseOpenAiRequest(body: unknown): Parsed<ChatRequest> {
  const parsed = v.safeParse(requestSchema, body, { abortEarly: true })
  if (!parsed.success) return { ok: false, bad: toBadRequest(parsed.issues) }
  const request = parsed.output
  return {
    ok: true,
    value: {
      model: request.model,
      stream: request.stream === true,
      choices: request.n ?? 1,
      includeUsage: request.stream_options?.include_usage === true,
      body: request,
      needs: {
        tools: (request.tools?.length ?? 0) > 0,
        images: request.messages.some(hasImage),
        jsonSchema: request.response_format?.type === 'json_schema',
        untranslatable: [...unknownFields(request), ...unknownContent(request)],
      },
      conversation: () => toConversation(request),
    },
  }
}

const TRANSLATED = new Set<string>(Object.keys(requestSchema.entries))

/** Fields that say nothing when they hold their format's default. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  frequency_penalty: 0,
  presence_penalty: 0,
  service_tier: 'auto',
}

function unknownFields(request: RequestBody): string[] {
  const fields = Object.entries(request)
    .filter(
      ([key, value]) => !TRANSLATED.has(key) && value !== null && value !== false && value !== DEFAULTS[key],
    )
    .map(([key]) => key)
  if ((request.n ?? 1) > 1) fields.push('n')
  // Anthropic's scale ends at 1.
  if ((request.temperature ?? 0) > 1) fields.push('temperature')
  if (!['text', 'json_schema', undefined].includes(request.response_format?.type))
    fields.push('response_format')
  const { response_format: format } = request
  if (format?.type === 'json_schema') {
    fields.push(
      ...(format.json_schema === undefined
        ? ['response_format.json_schema']
        : unknownKeys(format.json_schema, JSON_SCHEMA_KEYS, 'response_format.json_schema')),
    )
  }
  if (
    typeof request.tool_choice === 'string' &&
    !['none', 'auto', 'required'].includes(request.tool_choice)
  ) {
    fields.push('tool_choice')
  }
  if (
    typeof request.tool_choice === 'object' &&
    request.tool_choice !== null &&
    !request.tool_choice.function
  ) {
    fields.push('tool_choice')
  }
  return fields
}

const JSON_SCHEMA_KEYS = new Set(['name', 'schema', 'strict'])
const FUNCTION_KEYS = new Set(['name', 'description', 'parameters', 'strict'])
const MESSAGE_KEYS = new Set(['role', 'content', 'tool_calls', 'tool_call_id'])

function unknownContent(request: RequestBody): string[] {
  const fields = (request.tools ?? []).flatMap((tool, index) =>
    tool.type === 'function' && tool.function
      ? unknownKeys(tool.function, FUNCTION_KEYS, `tools[${index}].function`)
      : [`tools[${index}].type`],
  )
  let conversationHasBegun = false
  for (const [index, message] of request.messages.entries()) {
    const field = `messages[${index}]`
    if (message.role === 'system' || message.role === 'developer') {
      // Elsewhere a system message stands at the head alone; moving it there would change its meaning.
      if (conversationHasBegun) fields.push(`${field}.role`)
    } else conversationHasBegun = true
    if (message.role === 'function') fields.push(`${field}.role`)
    // Elsewhere an answer that the caller has begun is continued; here it is taken for a whole turn.
    if (message.role === 'assistant' && index === request.messages.length - 1) fields.push(`${field}.role`)
    fields.push(...unknownKeys(message, MESSAGE_KEYS, field), ...unknownParts(message, field))
  }
  return fields
}

function unknownParts(message: RequestMessage, field: string): string[] {
  const parts = Array.isArray(message.content) ? message.content : []
  const seesImages = message.role === 'user' || message.role === 'tool'
  const fields = parts.flatMap((part, index) =>
    isText(part) || (isPlainImage(part) && seesImages) ? [] : [`${field}.content[${index}]`],
  )
  if (message.role !== 'assistant') return fields
  const calls = (message.tool_calls ?? []).flatMap((call, index) =>
    call.function !== undefined && isJsonObject(call.function.arguments)
      ? []
      : [`${field}.tool_calls[${index}]`],
  )
  return [...fields, ...calls]
}

const isText = (part: ContentPart): part is { type: 'text'; text: string } => part.type === 'text'
const isImage = (
  part: ContentPart,
): part is { type: 'image_url'; image_url: { url: string; detail?: string } } => part.type === 'image_url'

const isPlainImage = (part: ContentPart): boolean =>
  isImage(part) && ['auto', undefined, null].includes(part.image_url.detail)

const hasImage = (message: RequestMessage): boolean =>
  Array.isArray(message.content) && message.content.some((part) => part.type === 'image_url')

function isJsonObject(text: string): boolean {
  if (text === '') return true
  const json = parseJson(text)
  return json.ok && typeof json.value === 'object' && json.value !== null && !Array.isArray(json.value)
}

function toConversation(request: RequestBody): Conversation {
  const system = request.messages.filter(({ role }) => role === 'system' || role === 'developer')
  return {
    system: system.length === 0 ? null : system.map((message) => plainText(message.content)).join('\n\n'),
    messages: request.messages.flatMap(toMessage),
    tools: (request.tools ?? []).flatMap((tool) =>
      tool.function === undefined
        ? []
        : [
            {
              name: tool.function.name,
              description: tool.function.description ?? null,
              schema: tool.function.parameters ?? { type: 'object', properties: {} },
              strict: tool.function.strict ?? null,
            },
          ],
    ),
    toolChoice: toToolChoice(request.tool_choice),
    parallelTools: request.parallel_tool_calls ?? null,
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? null,
    temperature: request.temperature ?? null,
    topP: request.top_p ?? null,
    stop: typeof request.stop === 'string' ? [request.stop] : (request.stop ?? []),
    jsonSchema:
      request.response_format?.json_schema === undefined
        ? null
        : {
            name: request.response_format.json_schema.name,
            schema: request.response_format.json_schema.schema ?? {},
          },
    user: request.user ?? null,
  }
}

function toToolChoice(choice: RequestBody['tool_choice']): ToolChoice | null {
  if (choice === 'none' || choice === 'auto' || choice === 'required') return { kind: choice }
  if (typeof choice === 'object' && choice?.function) return { kind: 'tool', name: choice.function.name }
  return null
}

function toMessage(message: RequestMessage): Message[] {
  switch (message.role) {
    case 'system':
    case 'developer':
    case 'function':
      return []
    case 'user':
      return [{ role: 'user', content: toContent(message.content) }]
    case 'tool':
      return [
        {
          role: 'user',
          content: [
            {
              kind: 'tool-result',
              id: message.tool_call_id,
              content: toContent(message.content),
              isError: false,
            },
          ],
        },
      ]
    case 'assistant': {
      const calls = (message.tool_calls ?? []).flatMap((call): Content[] =>
        call.function === undefined
          ? []
          : [
              {
                kind: 'tool-use',
                id: call.id,
                name: call.function.name,
                input: toInput(call.function.arguments),
              },
            ],
      )
      return [{ role: 'assistant', content: [...toContent(message.content), ...calls] }]
    }
  }
}

const toInput = (json: string): unknown => (json === '' ? {} : (JSON.parse(json) as unknown))

function toContent(content: RequestMessage['content']): Content[] {
  if (content === null || content === undefined) return []
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }]
  return content.flatMap((part): Content[] => {
    if (isText(part)) return [{ kind: 'text', text: part.text }]
    return isImage(part) ? [{ kind: 'image', source: toImageSource(part.image_url.url) }] : []
  })
}

function toImageSource(
  url: string,
): { kind: 'url'; url: string } | { kind: 'data'; mediaType: string; base64: string } {
  const [, mediaType, base64] = /^data:([^;,]+);base64,(.*)$/s.exec(url) ?? []
  return mediaType === undefined || base64 === undefined
    ? { kind: 'url', url }
    : { kind: 'data', mediaType, base64 }
}

const plainText = (content: RequestMessage['content']): string =>
  toContent(content)
    .map((part) => (part.kind === 'text' ? part.text : ''))
    .join('')
