import type { ChatRequest, Conversation } from '../wire/conversation.ts'

/**
 * A request whose answer has been begun: the words so far stand as the assistant's own at its end. Both of the formats
 * that callers speak spell that alike.
 *
 * @param words not empty, and without white space at their end, which some providers refuse there
 */
export function withPrefill(request: ChatRequest, words: string): ChatRequest {
  const messages = request.body['messages'] as readonly BodyMessage[]
  const last = messages.at(-1)
  return {
    ...request,
    body: {
      ...request.body,
      // A caller may have begun the answer itself.
      messages:
        last?.role === 'assistant'
          ? [...messages.slice(0, -1), { ...last, content: goOn(last.content, words) }]
          : [...messages, { role: 'assistant', content: words }],
    },
    conversation: () => begun(request.conversation(), words),
  }
}

interface BodyMessage {
  readonly role: string
  readonly content?: string | readonly unknown[] | null
}

const goOn = (content: BodyMessage['content'], words: string): BodyMessage['content'] =>
  Array.isArray(content)
    ? [...(content as unknown[]), { type: 'text', text: words }]
    : `${content as string}${words}`

function begun(conversation: Conversation, words: string): Conversation {
  const text = { kind: 'text', text: words } as const
  const { messages } = conversation
  const last = messages.at(-1)
  return {
    ...conversation,
    messages:
      last?.role === 'assistant'
        ? [...messages.slice(0, -1), { ...last, content: [...last.content, text] }]
        : [...messages, { role: 'assistant', content: [text] }],
  }
}
