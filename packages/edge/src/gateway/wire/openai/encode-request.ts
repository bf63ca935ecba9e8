import type { Content, Conversation, Message, Tool } from '../conversation.ts'
import type { UpstreamModel } from '../wire.ts'

/** The conversation as a Chat Completions request. */
export function encodeOpenAiRequest(
  conversation: Conversation,
  model: UpstreamModel,
  stream: boolean,
): unknown {
  return {
    model: model.model,
    messages: encodeMessages(conversation),
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
    ...(conversation.maxTokens === null ? {} : { [model.maxTokensField]: conversation.maxTokens }),
    ...(conversation.temperature === null ? {} : { temperature: conversation.temperature }),
    ...(conversation.topP === null ? {} : { top_p: conversation.topP }),
    ...(conversation.stop.length === 0 ? {} : { stop: conversation.stop }),
    ...encodeTools(conversation),
    ...(conversation.jsonSchema === null
      ? {}
      : {
          response_format: { type: 'json_schema', json_schema: { ...conversation.jsonSchema, strict: true } },
        }),
    ...(conversation.user === null ? {} : { user: conversation.user }),
  }
}

export const encodeMessages = ({ system, messages }: Conversation): object[] => [
  ...(system === null ? [] : [{ role: 'system', content: system }]),
  ...messages.flatMap(encodeMessage),
]

function encodeTools({ tools, toolChoice, parallelTools }: Conversation): Record<string, unknown> {
  if (tools.length === 0) return {}
  return {
    tools: tools.map(encodeTool),
    ...(toolChoice === null
      ? {}
      : {
          tool_choice:
            toolChoice.kind === 'tool'
              ? { type: 'function', function: { name: toolChoice.name } }
              : toolChoice.kind,
        }),
    ...(parallelTools === null ? {} : { parallel_tool_calls: parallelTools }),
  }
}

export const encodeTool = (tool: Tool): object => ({
  type: 'function',
  function: {
    name: tool.name,
    ...(tool.description === null ? {} : { description: tool.description }),
    parameters: tool.schema,
    ...(tool.strict === null ? {} : { strict: tool.strict }),
  },
})

/** Tool results are messages of their own here, and stand before the rest of the user's turn. */
function encodeMessage(message: Message): object[] {
  if (message.role === 'assistant') return [encodeAssistant(message.content)]
  const results = message.content.flatMap((part) =>
    part.kind === 'tool-result'
      ? [{ role: 'tool', tool_call_id: part.id, content: encodeToolResult(part.content, part.isError) }]
      : [],
  )
  const rest = message.content.filter((part) => part.kind !== 'tool-result')
  return rest.length === 0 ? results : [...results, { role: 'user', content: encodeContent(rest) }]
}

function encodeAssistant(content: readonly Content[]): object {
  const calls = content.flatMap((part) =>
    part.kind === 'tool-use'
      ? [
          {
            id: part.id,
            type: 'function',
            function: { name: part.name, arguments: JSON.stringify(part.input) },
          },
        ]
      : [],
  )
  const text = joinText(content)
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  }
}

// The format has no flag for a failed tool; models read it in the text.
const encodeToolResult = (content: readonly Content[], isError: boolean): string =>
  isError ? `Error: ${joinText(content)}` : joinText(content)

function encodeContent(content: readonly Content[]): unknown {
  // Plain where it can be: some servers know nothing else. Never glued together: the parts are paragraphs to a model.
  const [only] = content
  if (content.length === 1 && only?.kind === 'text') return only.text
  return content.flatMap((part): unknown[] => {
    if (part.kind === 'text') return [{ type: 'text', text: part.text }]
    if (part.kind !== 'image') return []
    const { source } = part
    const url = source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.base64}`
    return [{ type: 'image_url', image_url: { url } }]
  })
}

const joinText = (content: readonly Content[]): string =>
  content.map((part) => (part.kind === 'text' ? part.text : '')).join('')
