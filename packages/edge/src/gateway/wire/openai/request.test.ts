import { describe, expect, it } from 'vitest'
import { parseOpenAiRequest } from './request.ts'

const MESSAGES = [{ role: 'user', content: 'hi' }]
const ask = (fields: object): Record<string, unknown> => ({ model: 'chat', messages: MESSAGES, ...fields })

function untranslatable(fields: object): readonly string[] {
  const parsed = parseOpenAiRequest(ask(fields))
  if (!parsed.ok) throw new Error(parsed.bad.message)
  return parsed.value.needs.untranslatable()
}

const user = (content: unknown): object => ({ messages: [{ role: 'user', content }] })
const call = (fields: object): object => ({
  messages: [
    { role: 'assistant', tool_calls: [{ id: 'c', ...fields }] },
    { role: 'user', content: 'go on' },
  ],
})

describe('parseOpenAiRequest', () => {
  it('takes the smallest request, and says nothing on behalf of the caller', () => {
    const parsed = parseOpenAiRequest(ask({}))
    if (!parsed.ok) throw new Error(parsed.bad.message)
    expect(parsed.value).toMatchObject({
      model: 'chat',
      stream: false,
      choices: 1,
      includeUsage: false,
      needs: { tools: false, images: false, jsonSchema: false },
    })
    expect(parsed.value.conversation()).toEqual({
      system: null,
      messages: [{ role: 'user', content: [{ kind: 'text', text: 'hi' }] }],
      tools: [],
      toolChoice: null,
      parallelTools: null,
      maxTokens: null,
      temperature: null,
      topP: null,
      stop: [],
      jsonSchema: null,
      user: null,
    })
  })

  it('takes null for whatever may be left out', () => {
    const nulls = ['stream', 'stream_options', 'n', 'max_tokens', 'max_completion_tokens', 'temperature']
    const more = ['top_p', 'stop', 'tools', 'tool_choice', 'parallel_tool_calls', 'response_format', 'user']
    const fields = Object.fromEntries([...nulls, ...more, 'seed', 'logit_bias'].map((name) => [name, null]))
    expect(untranslatable(fields)).toEqual([])
  })

  it('keeps the body as it came, unknown fields included', () => {
    const body = ask({ seed: 7, metadata: { a: 'b' }, messages: [{ role: 'user', content: 'x', odd: [1] }] })
    const parsed = parseOpenAiRequest(body)
    expect(parsed.ok && parsed.value.body).toEqual(body)
  })

  it.each<[string, object, string]>([
    ['no model', { model: undefined }, 'model'],
    ['an empty model', { model: '' }, 'model'],
    ['a model that is a number', { model: 5 }, 'model'],
    ['no messages', { messages: undefined }, 'messages'],
    ['messages that are no list', { messages: 'hi' }, 'messages'],
    ['an empty list of messages', { messages: [] }, 'messages'],
    ['a message that is no object', { messages: ['hi'] }, 'messages[0]'],
    ['a message without a role', { messages: [{ content: 'x' }] }, 'messages[0].role'],
    ['an unknown role', { messages: [...MESSAGES, { role: 'robot', content: 'x' }] }, 'messages[1].role'],
    ['content that is a number', user(5), 'messages[0].content'],
    ['content that is null', user(null), 'messages[0].content'],
    ['a part without a type', user([{ text: 'x' }]), 'messages[0].content[0].type'],
    ['a part that is null', user([null]), 'messages[0].content[0]'],
    ['text that is a number', user([{ type: 'text', text: 5 }]), 'messages[0].content[0].text'],
    [
      'an image without an address',
      user([
        { type: 'text', text: 'x' },
        { type: 'image_url', image_url: {} },
      ]),
      'messages[0].content[1].image_url.url',
    ],
    ['a result without its call', { messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
    [
      'arguments that are no text',
      {
        messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: {} } }] }],
      },
      'messages[0].tool_calls[0].function.arguments',
    ],
    ['stream that is no boolean', { stream: 'yes' }, 'stream'],
    ['n below one', { n: 0 }, 'n'],
    ['max_tokens below one', { max_tokens: 0 }, 'max_tokens'],
    ['half a token', { max_completion_tokens: 1.5 }, 'max_completion_tokens'],
    ['temperature as text', { temperature: '1' }, 'temperature'],
    ['temperature above two', { temperature: 2.1 }, 'temperature'],
    ['top_p below zero', { top_p: -0.1 }, 'top_p'],
    ['stop that is a number', { stop: 5 }, 'stop'],
    ['a stop word that is a number', { stop: ['a', 5] }, 'stop[1]'],
    ['tools that are no list', { tools: {} }, 'tools'],
    ['a tool without a type', { tools: [{ function: { name: 'f' } }] }, 'tools[0].type'],
    ['a tool without a name', { tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    ['tool_choice that is a number', { tool_choice: 5 }, 'tool_choice'],
    [
      'tool_choice without a name',
      { tool_choice: { type: 'function', function: {} } },
      'tool_choice.function.name',
    ],
    ['response_format without a type', { response_format: {} }, 'response_format.type'],
    ['user that is a number', { user: 5 }, 'user'],
  ])('names the field of %s', (_, fields, field) => {
    const parsed = parseOpenAiRequest(ask(fields))
    if (parsed.ok) throw new Error('it was taken')
    expect(parsed.bad.param).toBe(field)
    expect(parsed.bad.message).toContain(`'${field}'`)
  })

  it.each([null, undefined, 5, 'text', []])('refuses a body that is %j', (body) => {
    expect(parseOpenAiRequest(body)).toMatchObject({ ok: false })
  })

  it('repeats no value of the caller in its messages', () => {
    const secret = 'my secret words'
    for (const fields of [
      { model: [secret] },
      { stream: secret },
      { temperature: secret },
      { n: secret },
      user({ secret }),
    ]) {
      const parsed = parseOpenAiRequest(ask(fields))
      expect(parsed.ok).toBe(false)
      expect(JSON.stringify(parsed)).not.toContain(secret)
    }
  })

  it.each<[string, object, string[]]>([
    ['unknown settings', { seed: 1, logprobs: true }, ['seed', 'logprobs']],
    [
      'settings at their default',
      { frequency_penalty: 0, presence_penalty: 0, service_tier: 'auto', store: false },
      [],
    ],
    ['several answers', { n: 2 }, ['n']],
    ['one answer', { n: 1 }, []],
    ['heat, which each format limits for itself', { temperature: 1.5 }, []],
    ['JSON without a schema', { response_format: { type: 'json_object' } }, ['response_format']],
    ['plain text as the format', { response_format: { type: 'text' } }, []],
    [
      'a schema format without its schema',
      { response_format: { type: 'json_schema' } },
      ['response_format.json_schema'],
    ],
    [
      'a schema with words that the model reads',
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'a', schema: {}, description: 'words' },
        },
      },
      ['response_format.json_schema.description'],
    ],
    ['an unknown tool choice', { tool_choice: 'sometimes' }, ['tool_choice']],
    [
      'a choice among allowed tools',
      { tool_choice: { type: 'allowed_tools', allowed_tools: {} } },
      ['tool_choice'],
    ],
    ['a tool of another kind', { tools: [{ type: 'custom', custom: { name: 'f' } }] }, ['tools[0].type']],
    [
      'a function with unknown settings',
      { tools: [{ type: 'function', function: { name: 'f', odd: 1 } }] },
      ['tools[0].function.odd'],
    ],
    ['a part of another kind', user([{ type: 'input_audio', input_audio: {} }]), ['messages[0].content[0]']],
    [
      'an image in fine detail',
      user([{ type: 'image_url', image_url: { url: 'x', detail: 'high' } }]),
      ['messages[0].content[0]'],
    ],
    ['an image in any detail', user([{ type: 'image_url', image_url: { url: 'x', detail: 'auto' } }]), []],
    [
      'an image among the instructions',
      {
        messages: [
          { role: 'system', content: [{ type: 'image_url', image_url: { url: 'x' } }] },
          ...MESSAGES,
        ],
      },
      ['messages[0].content[0]'],
    ],
    [
      'an image said by the assistant',
      {
        messages: [
          { role: 'assistant', content: [{ type: 'image_url', image_url: { url: 'x' } }] },
          ...MESSAGES,
        ],
      },
      ['messages[0].content[0]'],
    ],
    [
      'instructions in mid-conversation',
      { messages: [...MESSAGES, { role: 'system', content: 'x' }, ...MESSAGES] },
      ['messages[1].role'],
    ],
    ['a message by name', { messages: [{ role: 'user', content: 'x', name: 'ann' }] }, ['messages[0].name']],
    [
      'a refusal told back',
      { messages: [{ role: 'assistant', content: null, refusal: 'no' }, ...MESSAGES] },
      ['messages[0].refusal'],
    ],
    [
      'an answer told back as the official client has it',
      {
        messages: [
          { role: 'assistant', content: 'a', refusal: null, annotations: [], audio: null, tool_calls: [] },
          ...MESSAGES,
        ],
      },
      [],
    ],
    [
      'thoughts told back, which are a hint',
      {
        messages: [{ role: 'assistant', content: 'a', reasoning_content: 'x', reasoning: 'y' }, ...MESSAGES],
      },
      [],
    ],
    [
      'a call of the old kind told back',
      { messages: [{ role: 'assistant', function_call: { name: 'f', arguments: '' } }, ...MESSAGES] },
      ['messages[0].function_call'],
    ],
    [
      'a result of the old kind',
      { messages: [{ role: 'function', content: 'x', name: 'f' }, ...MESSAGES] },
      ['messages[0].role', 'messages[0].name'],
    ],
    ['a tool call of another kind', call({ type: 'custom', custom: {} }), ['messages[0].tool_calls[0]']],
    [
      'arguments that are no JSON',
      call({ function: { name: 'f', arguments: '{' } }),
      ['messages[0].tool_calls[0]'],
    ],
    [
      'arguments that are no object',
      call({ function: { name: 'f', arguments: '[1]' } }),
      ['messages[0].tool_calls[0]'],
    ],
    ['arguments that are empty', call({ function: { name: 'f', arguments: '' } }), []],
    [
      'an answer begun by the caller, which this format does not continue',
      { messages: [...MESSAGES, { role: 'assistant', content: 'It is' }] },
      ['messages[1].role'],
    ],
  ])('tells of %s whether another format can carry it', (_, fields, expected) => {
    expect(untranslatable(fields)).toEqual(expected)
  })
})
