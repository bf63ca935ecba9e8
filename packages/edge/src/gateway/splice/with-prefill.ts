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

/**
 * Whether a model that takes up the words would keep to what was asked. One that is held to JSON is held from its own
 * first word on, so it begins anew; and half of a stop sequence would go unnoticed, since no model looks for it in
 * words that it was given.
 */
export function canBeBegun({ body }: ChatRequest, words: string): boolean {
  const { response_format: format, output_config: output, stop, stop_sequences: stops } = body as Restraints
  if ((format?.type ?? 'text') !== 'text' || (output?.format ?? null) !== null) return false
  return ![stop ?? [], stops ?? []].flat().some((sequence) => endsWithPartOf(words, sequence))
}

/** What keeps an answer in bounds, as the formats that callers speak spell it. */
interface Restraints {
  readonly response_format?: { readonly type: string } | null
  readonly output_config?: { readonly format?: object | null }
  readonly stop?: string | readonly string[] | null
  readonly stop_sequences?: readonly string[]
}

function endsWithPartOf(words: string, sequence: string): boolean {
  for (let length = 1; length < sequence.length; length += 1)
    if (words.endsWith(sequence.slice(0, length))) return true
  return false
}
