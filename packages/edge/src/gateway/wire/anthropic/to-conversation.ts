import type { Content, Conversation, Message, ToolChoice } from '../conversation.ts'
import { isImage, isText, isToolResult, isToolUse, toImageSource } from './content-block.ts'
import type { ContentBlock, RequestBody } from './schema.ts'

/** A request apart from its format. What it can't say is in `untranslatableFields`. */
export function toConversation(request: RequestBody): Conversation {
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
