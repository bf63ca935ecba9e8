import type { Content, Conversation, ImageSource, Message, ToolChoice } from '../conversation.ts'
import { parseJson } from '../parse-json.ts'
import { isImage, isText } from './content-part.ts'
import type { RequestBody, RequestMessage } from './schema.ts'

/** A request apart from its format. What it can't say is in `untranslatableFields`. */
export function toConversation(request: RequestBody): Conversation {
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

function toInput(json: string): unknown {
  const parsed = parseJson(json)
  return parsed.ok ? parsed.value : {}
}

function toContent(content: RequestMessage['content']): Content[] {
  if (content === null || content === undefined) return []
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }]
  return content.flatMap((part): Content[] => {
    if (isText(part)) return [{ kind: 'text', text: part.text }]
    return isImage(part) ? [{ kind: 'image', source: toImageSource(part.image_url.url) }] : []
  })
}

function toImageSource(url: string): ImageSource {
  const [, mediaType, base64] = /^data:([^;,]+);base64,(.*)$/s.exec(url) ?? []
  return mediaType === undefined || base64 === undefined
    ? { kind: 'url', url }
    : { kind: 'data', mediaType, base64 }
}

const plainText = (content: RequestMessage['content']): string =>
  toContent(content)
    .map((part) => (part.kind === 'text' ? part.text : ''))
    .join('')
