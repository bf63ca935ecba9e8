import type { Conversation } from '../conversation.ts'
import { imageResults } from '../image-results.ts'
import type { UpstreamModel } from '../wire.ts'

/** What the inputs of a text generation model have no words for, on some models at least. */
export function unsayableToWorkersAi(
  conversation: Conversation,
  _model: UpstreamModel,
  stream: boolean,
): string[] {
  const { tools, toolChoice, parallelTools, stop, jsonSchema } = conversation
  return [
    ...(tools.length > 0 && parallelTools === false && toolChoice?.kind !== 'none'
      ? ['one tool call at a time']
      : []),
    ...(toolChoice?.kind === 'tool' && !tools.some(({ name }) => name === toolChoice.name)
      ? ['a call of a tool that is not there']
      : []),
    ...(stop.length > 0 ? ['stop sequences'] : []),
    // https://developers.cloudflare.com/workers-ai/features/json-mode/
    ...(stream && jsonSchema !== null ? ['a JSON schema for a streamed answer'] : []),
    ...imageResults(conversation),
  ]
}
