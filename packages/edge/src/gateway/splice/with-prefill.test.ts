import { describe, expect, it } from 'vitest'
import { anthropicWire } from '../wire/anthropic/wire.ts'
import { openAiWire } from '../wire/openai/wire.ts'
import { withPrefill } from './with-prefill.ts'

const QUESTION = { role: 'user', content: 'Why?' }
const WIRES = [openAiWire, anthropicWire]

function begin(wire: (typeof WIRES)[number], messages: readonly object[]) {
  const parsed = wire.parseRequest({ model: 'm', max_tokens: 5, messages })
  if (!parsed.ok) throw new Error(parsed.bad.message)
  const begun = withPrefill(parsed.value, ' and so')
  return { messages: begun.body['messages'], conversation: begun.conversation(), before: parsed.value }
}

describe.each(WIRES)('a request of the $name wire that is begun', (wire) => {
  it('ends with the words so far as the assistant’s own', () => {
    const { messages, conversation, before } = begin(wire, [QUESTION])
    expect(messages).toEqual([QUESTION, { role: 'assistant', content: ' and so' }])
    expect(conversation.messages.at(-1)).toEqual({
      role: 'assistant',
      content: [{ kind: 'text', text: ' and so' }],
    })
    // The caller's request stays as it was: it may be asked of somebody else.
    expect(before.body['messages']).toEqual([QUESTION])
  })

  it('goes on with what the caller has begun itself', () => {
    const own = begin(wire, [QUESTION, { role: 'assistant', content: 'Because' }])
    expect(own.messages).toEqual([QUESTION, { role: 'assistant', content: 'Because and so' }])
    const parts = begin(wire, [QUESTION, { role: 'assistant', content: [{ type: 'text', text: 'Because' }] }])
    expect(parts.messages).toEqual([
      QUESTION,
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Because' },
          { type: 'text', text: ' and so' },
        ],
      },
    ])
    for (const { conversation } of [own, parts])
      expect(conversation.messages.at(-1)?.content).toEqual([
        { kind: 'text', text: 'Because' },
        { kind: 'text', text: ' and so' },
      ])
  })
})
