import { describe, expect, it } from 'vitest'
import { anthropicWire } from '../wire/anthropic/wire.ts'
import { openAiWire } from '../wire/openai/wire.ts'
import { canBeBegun, withPrefill } from './with-prefill.ts'

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

describe('an answer', () => {
  const isTakenUp = (wire: (typeof WIRES)[number], words: string, fields: object): boolean => {
    const parsed = wire.parseRequest({ model: 'm', max_tokens: 5, messages: [QUESTION], ...fields })
    if (!parsed.ok) throw new Error(parsed.bad.message)
    return canBeBegun(parsed.value, words)
  }
  const schema = { type: 'object' }

  it('is not taken up where it has to be JSON, which a model would begin anew', () => {
    const jsonSchema = { type: 'json_schema', json_schema: { name: 'x', schema } }
    for (const response_format of [{ type: 'json_object' }, jsonSchema])
      expect(isTakenUp(openAiWire, '{"a":1,', { response_format })).toBe(false)
    const output_config = { format: { type: 'json_schema', schema } }
    expect(isTakenUp(anthropicWire, '{"a":1,', { output_config })).toBe(false)
    expect(isTakenUp(openAiWire, 'one', { response_format: { type: 'text' } })).toBe(true)
    expect(isTakenUp(openAiWire, 'one', { response_format: null, stop: null })).toBe(true)
  })

  it.each([
    ['one EN', false],
    ['one E', false],
    ['one', true],
    ['one END', true],
  ])('that breaks off at %j with the stop sequence END may be taken up: %j', (words, may) => {
    expect(isTakenUp(openAiWire, words, { stop: 'END' })).toBe(may)
    expect(isTakenUp(openAiWire, words, { stop: ['###', 'END'] })).toBe(may)
    expect(isTakenUp(anthropicWire, words, { stop_sequences: ['END'] })).toBe(may)
  })
})
