import { describe, expect, it } from 'vitest'
import { parseAnthropicRequest } from './request.ts'

const MESSAGES = [{ role: 'user', content: 'hi' }]
const ask = (fields: object): Record<string, unknown> => ({
  model: 'chat',
  max_tokens: 100,
  messages: MESSAGES,
  ...fields,
})
const user = (content: unknown): object => ({ messages: [{ role: 'user', content }] })
const assistant = (content: unknown): object => ({ messages: [{ role: 'assistant', content }, ...MESSAGES] })
const result = (content: unknown): object => user([{ type: 'tool_result', tool_use_id: 'c', content }])
const image = (source: object): object => user([{ type: 'image', source }])

function untranslatable(fields: object): readonly string[] {
  const parsed = parseAnthropicRequest(ask(fields))
  if (!parsed.ok) throw new Error(parsed.bad.message)
  return parsed.value.needs.untranslatable()
}

describe('parseAnthropicRequest', () => {
  it('takes the smallest request, and says nothing on behalf of the caller', () => {
    const parsed = parseAnthropicRequest(ask({}))
    if (!parsed.ok) throw new Error(parsed.bad.message)
    expect(parsed.value).toMatchObject({
      model: 'chat',
      stream: false,
      choices: 1,
      needs: { tools: false, images: false, jsonSchema: false },
    })
    expect(parsed.value.conversation()).toEqual({
      system: null,
      messages: [{ role: 'user', content: [{ kind: 'text', text: 'hi' }] }],
      tools: [],
      toolChoice: null,
      parallelTools: null,
      maxTokens: 100,
      temperature: null,
      topP: null,
      stop: [],
      jsonSchema: null,
      user: null,
    })
  })

  it('keeps the body as it came, unknown fields included', () => {
    const body = ask({ top_k: 7, messages: [{ role: 'user', content: 'x', odd: [1] }] })
    const parsed = parseAnthropicRequest(body)
    expect(parsed.ok && parsed.value.body).toEqual(body)
  })

  it.each<[string, object, string]>([
    ['no model', { model: undefined }, 'model'],
    ['a model that is a number', { model: 5 }, 'model'],
    ['no max_tokens', { max_tokens: undefined }, 'max_tokens'],
    ['max_tokens below one', { max_tokens: 0 }, 'max_tokens'],
    ['no messages', { messages: undefined }, 'messages'],
    ['an empty list of messages', { messages: [] }, 'messages'],
    ['an unknown role', { messages: [...MESSAGES, { role: 'robot', content: 'x' }] }, 'messages[1].role'],
    ['content that is a number', user(5), 'messages[0].content'],
    ['a block without a type', user([{ text: 'x' }]), 'messages[0].content[0].type'],
    ['a block that is null', user([null]), 'messages[0].content[0]'],
    ['text that is a number', user([{ type: 'text', text: 5 }]), 'messages[0].content[0].text'],
    ['an image without a source', user([{ type: 'image' }]), 'messages[0].content[0].source'],
    [
      'a call without a name',
      user([{ type: 'tool_use', id: 'a', input: {} }]),
      'messages[0].content[0].name',
    ],
    [
      'a call without its input',
      user([{ type: 'tool_use', id: 'a', name: 'f' }]),
      'messages[0].content[0].input',
    ],
    ['a result without its call', user([{ type: 'tool_result' }]), 'messages[0].content[0].tool_use_id'],
    [
      'a result whose text is a number',
      result([{ type: 'text', text: 5 }]),
      'messages[0].content[0].content[0].text',
    ],
    ['system that is a number', { system: 5 }, 'system'],
    ['a system block without text', { system: [{ type: 'text' }] }, 'system[0].text'],
    ['temperature above one', { temperature: 1.1 }, 'temperature'],
    ['top_p as text', { top_p: '1' }, 'top_p'],
    ['stop words that are no list', { stop_sequences: 'x' }, 'stop_sequences'],
    ['a stop word that is a number', { stop_sequences: ['a', 5] }, 'stop_sequences[1]'],
    ['a tool without a name', { tools: [{}] }, 'tools[0].name'],
    ['a tool schema that is text', { tools: [{ name: 'f', input_schema: 'x' }] }, 'tools[0].input_schema'],
    ['an unknown tool choice', { tool_choice: { type: 'sometimes' } }, 'tool_choice.type'],
    ['tool_choice that is text', { tool_choice: 'auto' }, 'tool_choice'],
    ['a user id that is a number', { metadata: { user_id: 5 } }, 'metadata.user_id'],
    ['an output format without a type', { output_config: { format: {} } }, 'output_config.format.type'],
    ['stream that is no boolean', { stream: 1 }, 'stream'],
  ])('names the field of %s', (_, fields, field) => {
    const parsed = parseAnthropicRequest(ask(fields))
    if (parsed.ok) throw new Error('it was taken')
    expect(parsed.bad.param).toBe(field)
    expect(parsed.bad.message).toContain(`'${field}'`)
  })

  it.each([null, undefined, 5, 'text', []])('refuses a body that is %j', (body) => {
    expect(parseAnthropicRequest(body)).toMatchObject({ ok: false })
  })

  it.each<[string, object, string[]]>([
    ['unknown settings', { top_k: 5, container: 'x' }, ['top_k', 'container']],
    ['thinking', { thinking: { type: 'enabled', budget_tokens: 5 } }, ['thinking']],
    ['settings at their default', { thinking: { type: 'disabled' }, service_tier: 'auto' }, []],
    ['further output settings', { output_config: { effort: 'high' } }, ['output_config']],
    ['an unknown output format', { output_config: { format: { type: 'xml' } } }, ['output_config.format']],
    ['a JSON schema', { output_config: { format: { type: 'json_schema', schema: {} } } }, []],
    ['further metadata', { metadata: { user_id: 'u', odd: 1 } }, ['metadata.odd']],
    [
      'a tool of the provider',
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
      ['tools[0].type'],
    ],
    ['a tool of the caller', { tools: [{ type: 'custom', name: 'f', input_schema: {} }] }, []],
    [
      'a tool with unknown settings',
      { tools: [{ name: 'f', input_examples: [{}] }] },
      ['tools[0].input_examples'],
    ],
    [
      'a hint for the prompt cache, which changes no answer',
      {
        system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }],
        tools: [{ name: 'f', cache_control: { type: 'ephemeral' } }],
        messages: [
          { role: 'user', content: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }] },
        ],
      },
      [],
    ],
    [
      'thoughts told back',
      assistant([
        { type: 'thinking', thinking: 'x', signature: 'y' },
        { type: 'redacted_thinking', data: 'z' },
        { type: 'text', text: 'a' },
      ]),
      [],
    ],
    ['a document', user([{ type: 'document', source: {} }]), ['messages[0].content[0]']],
    ['an image by address', image({ type: 'url', url: 'https://a.test/b.png' }), []],
    ['an image in the request', image({ type: 'base64', media_type: 'image/png', data: 'AA==' }), []],
    ['an image in a file store', image({ type: 'file', file_id: 'f' }), ['messages[0].content[0].source']],
    ['an image without its type', image({ type: 'base64', data: 'AA==' }), ['messages[0].content[0].source']],
    ['a result of text', result('x'), []],
    ['a result of text blocks', result([{ type: 'text', text: 'x' }]), []],
    ['a result with an image', result([{ type: 'image', source: {} }]), ['messages[0].content[0].content']],
    [
      'instructions in mid-conversation',
      { messages: [...MESSAGES, { role: 'system', content: 'x' }, ...MESSAGES] },
      ['messages[1].role'],
    ],
    [
      'an image said by the assistant',
      assistant([{ type: 'image', source: { type: 'url', url: 'x' } }]),
      ['messages[0].content[0]'],
    ],
    [
      'a call made by the user',
      user([{ type: 'tool_use', id: 'a', name: 'f', input: {} }]),
      ['messages[0].content[0]'],
    ],
    [
      'a result given by the assistant',
      assistant([{ type: 'tool_result', tool_use_id: 'a' }]),
      ['messages[0].content[0]'],
    ],
    ['stop words, which each format counts for itself', { stop_sequences: ['a', 'b', 'c', 'd', 'e'] }, []],
    [
      'an answer begun by the caller, which others do not continue',
      { messages: [...MESSAGES, { role: 'assistant', content: 'It is' }] },
      ['messages[1].role'],
    ],
  ])('tells of %s whether another format can carry it', (_, fields, expected) => {
    expect(untranslatable(fields)).toEqual(expected)
  })
})

describe('a header that switches features on', () => {
  const needsWith = (passed?: Readonly<Record<string, string>>): readonly string[] => {
    const parsed = parseAnthropicRequest(ask({ top_k: 5 }), passed)
    if (!parsed.ok) throw new Error(parsed.bad.message)
    return parsed.value.needs.untranslatable()
  }

  it('is told of as what no other format can carry', () => {
    expect(needsWith({ 'anthropic-version': '2023-06-01', 'anthropic-beta': 'files-api' })).toEqual([
      'anthropic-beta',
      'top_k',
    ])
  })

  it('is not missed where it was not sent', () => {
    expect(needsWith({ 'anthropic-version': '2023-06-01' })).toEqual(['top_k'])
    expect(needsWith()).toEqual(['top_k'])
  })
})
