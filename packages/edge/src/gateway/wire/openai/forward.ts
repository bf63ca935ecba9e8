import type { ChatRequest } from '../conversation.ts'
import type { UpstreamModel } from '../wire.ts'

/**
 * The caller's body for a provider of this same format. The limit on tokens has two names, an old one that newer
 * models refuse and a new one that many servers don't know: it goes under the one that this model takes.
 */
export function forwardOpenAiRequest({ body }: ChatRequest, model: UpstreamModel): unknown {
  const { max_tokens: old, max_completion_tokens: recent, ...rest } = body
  const limit = recent ?? old
  return {
    ...rest,
    model: model.model,
    ...(limit === undefined || limit === null ? {} : { [model.maxTokensField]: limit }),
  }
}
