import type { ChatRequest } from '../conversation.ts'
import type { UpstreamModel } from '../wire.ts'

/**
 * The caller's body for a provider of this same format. Thinking that came from a provider of another format bears no
 * signature, and this one refuses it; thinking is a hint here, so it stays out.
 */
export function forwardAnthropicRequest({ body }: ChatRequest, model: UpstreamModel): unknown {
  return {
    ...body,
    model: model.model,
    messages: (body['messages'] as readonly Message[]).flatMap(withoutUnsigned),
  }
}

interface Message {
  readonly content: string | readonly { readonly type: string; readonly signature?: unknown }[]
}

function withoutUnsigned(message: Message): Message[] {
  const { content } = message
  if (typeof content === 'string') return [message]
  const signed = content.filter(({ type, signature }) => type !== 'thinking' || signature !== '')
  if (signed.length === content.length) return [message]
  // A turn of which nothing is left would be refused, too.
  return signed.length === 0 ? [] : [{ ...message, content: signed }]
}
