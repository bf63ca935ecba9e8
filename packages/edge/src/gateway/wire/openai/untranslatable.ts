import { parseJson } from '../parse-json.ts'
import { unknownKeys } from '../unknown-keys.ts'
import { isPlainImage, isText } from './content-part.ts'
import { requestSchema, type RequestBody, type RequestMessage } from './schema.ts'

/** The fields of a request that no other format can say, so that none of them is lost on the way to one. */
export const untranslatableFields = (request: RequestBody): string[] => [
  ...unknownFields(request),
  ...unknownContent(request),
]

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

function isJsonObject(text: string): boolean {
  if (text === '') return true
  const json = parseJson(text)
  return json.ok && typeof json.value === 'object' && json.value !== null && !Array.isArray(json.value)
}
