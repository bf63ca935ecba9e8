import { unknownKeys } from '../unknown-keys.ts'
import { isImage, isText, isToolResult, isToolUse, toImageSource } from './content-block.ts'
import { requestSchema, type ContentBlock, type RequestBody } from './schema.ts'

/** The fields of a request that no other format can say, so that none of them is lost on the way to one. */
export const untranslatableFields = (request: RequestBody): string[] => [
  ...unknownFields(request),
  ...unknownContent(request),
]

const TRANSLATED = new Set<string>(Object.keys(requestSchema.entries))

function unknownFields(request: RequestBody): string[] {
  const fields = Object.entries(request)
    .filter(([key, value]) => !TRANSLATED.has(key) && value !== null && !isDefault(key, value))
    .map(([key]) => key)
  const { output_config: output } = request
  if (output && Object.keys(output).some((key) => key !== 'format')) fields.push('output_config')
  if (output?.format && output.format.type !== 'json_schema') fields.push('output_config.format')
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
  if (isText(block) || THOUGHTS.has(block.type)) return []
  if (isToolUse(block)) return role === 'assistant' ? [] : [field]
  if (role === 'assistant') return [field]
  if (isImage(block)) return toImageSource(block) === null ? [`${field}.source`] : []
  if (!isToolResult(block)) return [field]
  // Tool results of other formats are text.
  const inner = typeof block.content === 'object' ? block.content : []
  return inner.every(isText) ? [] : [`${field}.content`]
}

/** Earlier thinking is a hint to the model that thought it; nothing that was said is lost with it. */
const THOUGHTS = new Set(['thinking', 'redacted_thinking'])
