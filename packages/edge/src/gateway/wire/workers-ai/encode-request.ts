import type { Conversation } from '../conversation.ts'
import { encodeMessages, encodeTool } from '../openai/encode-request.ts'
import type { UpstreamModel } from '../wire.ts'

/** The conversation as inputs of a text generation model. The model's name goes beside them. */
export function encodeWorkersAiRequest(
  conversation: Conversation,
  model: UpstreamModel,
  stream: boolean,
): unknown {
  const { jsonSchema, maxTokens, temperature, topP } = conversation
  return {
    // The binding refuses content that is null.
    messages: encodeMessages(conversation).map((message) =>
      'content' in message && message.content === null ? { ...message, content: '' } : message,
    ),
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
    // Left out, most models stop after 256 tokens.
    [model.maxTokensField]: maxTokens ?? model.maxOutputTokens,
    ...(temperature === null ? {} : { temperature }),
    ...(topP === null ? {} : { top_p: topP }),
    ...encodeTools(conversation),
    // The schema stands here by itself. https://developers.cloudflare.com/workers-ai/features/json-mode/
    ...(jsonSchema === null
      ? {}
      : { response_format: { type: 'json_schema', json_schema: jsonSchema.schema } }),
  }
}

/**
 * Not every model knows how to be kept from its tools, or to be told which one to call: so it is shown no others.
 * https://developers.cloudflare.com/workers-ai/features/function-calling/traditional/
 */
function encodeTools({ tools, toolChoice: choice }: Conversation): object {
  const shown = choice?.kind === 'tool' ? tools.filter(({ name }) => name === choice.name) : tools
  if (shown.length === 0 || choice?.kind === 'none') return {}
  return {
    tools: shown.map(encodeTool),
    ...(choice === null ? {} : { tool_choice: choice.kind === 'auto' ? 'auto' : 'required' }),
  }
}
