import type { Content, Conversation } from '../conversation.ts'
import { joinTurns } from '../join-turns.ts'
import type { UpstreamModel } from '../wire.ts'

/** The conversation as a Messages request. */
export function encodeAnthropicRequest(
  conversation: Conversation,
  model: UpstreamModel,
  stream: boolean,
): unknown {
  return {
    model: model.model,
    max_tokens: conversation.maxTokens ?? model.maxOutputTokens,
    ...(conversation.system === null ? {} : { system: conversation.system }),
    messages: joinTurns(conversation.messages).map(({ role, content }) => ({
      role,
      content: content.map(encodeContent),
    })),
    ...(stream ? { stream: true } : {}),
    ...(conversation.temperature === null ? {} : { temperature: conversation.temperature }),
    ...(conversation.topP === null ? {} : { top_p: conversation.topP }),
    ...(conversation.stop.length === 0 ? {} : { stop_sequences: conversation.stop }),
    ...encodeTools(conversation),
    ...(conversation.jsonSchema === null
      ? {}
      : { output_config: { format: { type: 'json_schema', schema: conversation.jsonSchema.schema } } }),
    ...(conversation.user === null ? {} : { metadata: { user_id: conversation.user } }),
  }
}

function encodeTools({ tools, toolChoice, parallelTools }: Conversation): Record<string, unknown> {
  if (tools.length === 0) return {}
  const choice = toolChoice ?? (parallelTools === null ? null : { kind: 'auto' as const })
  return {
    tools: tools.map((tool) => ({
      name: tool.name,
      ...(tool.description === null ? {} : { description: tool.description }),
      input_schema: tool.schema,
      ...(tool.strict === null ? {} : { strict: tool.strict }),
    })),
    ...(choice === null
      ? {}
      : {
          tool_choice: {
            type: choice.kind === 'required' ? 'any' : choice.kind,
            ...(choice.kind === 'tool' ? { name: choice.name } : {}),
            ...(parallelTools === null || choice.kind === 'none'
              ? {}
              : { disable_parallel_tool_use: !parallelTools }),
          },
        }),
  }
}

function encodeContent(part: Content): unknown {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'image':
      return {
        type: 'image',
        source:
          part.source.kind === 'url'
            ? { type: 'url', url: part.source.url }
            : { type: 'base64', media_type: part.source.mediaType, data: part.source.base64 },
      }
    case 'tool-use':
      return { type: 'tool_use', id: part.id, name: part.name, input: part.input }
    case 'tool-result':
      return {
        type: 'tool_result',
        tool_use_id: part.id,
        content: part.content.map(encodeContent),
        ...(part.isError ? { is_error: true } : {}),
      }
  }
}
