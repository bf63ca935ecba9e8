import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../support/ask.ts'
import { json, startScriptedProvider, type ScriptedProvider } from '../support/scripted-provider.ts'
import { startStack, wholeTextOf, type Stack } from '../support/stack.ts'

/** What Gemini is asked, and what becomes of its answers, between real sockets. */

const PARAMETERS = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] }
const SCHEMA = { type: 'object', properties: { sunny: { type: 'boolean' } } }
const PNG = 'iVBORw0KGgo='

describe('a rich request', () => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startStack()
  })
  afterAll(() => stack.close())
  afterEach(() => stack.heal())

  /** The same for both clients. */
  const ASKED = {
    systemInstruction: { parts: [{ text: 'Be kind.' }] },
    contents: [
      {
        role: 'user',
        parts: [{ text: 'Is it sunny here?' }, { inlineData: { mimeType: 'image/png', data: PNG } }],
      },
      {
        role: 'model',
        parts: [
          { text: 'Let me see.' },
          {
            functionCall: { id: 'call_1', name: 'get_weather', args: { city: 'Paris' } },
            thoughtSignature: 'skip_thought_signature_validator',
          },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'call_1', name: 'get_weather', response: { output: '21 °C' } } },
          { text: 'And?' },
        ],
      },
    ],
    tools: [
      {
        functionDeclarations: [
          { name: 'get_weather', description: 'Looks out.', parametersJsonSchema: PARAMETERS },
        ],
      },
    ],
    toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['get_weather'] } },
    generationConfig: {
      maxOutputTokens: 50,
      temperature: 0.5,
      topP: 0.9,
      stopSequences: ['END'],
      responseMimeType: 'application/json',
      responseJsonSchema: SCHEMA,
    },
  }

  /** What Gemini has heard of a route, as far as it matters. */
  const heardOf = (route: string): readonly object[] =>
    stack.asked('gemini', route).map(({ path, keyAccepted, requestHeaders, requestBody }) => ({
      method: /^\/v1beta\/models\/case-\d+:(\w+)/.exec(path)?.[1],
      keyAccepted,
      key: requestHeaders['x-goog-api-key'],
      body: requestBody,
    }))
  const asked = (stream: boolean): readonly object[] => [
    {
      method: stream ? 'streamGenerateContent' : 'generateContent',
      keyAccepted: true,
      key: '[redacted]',
      body: ASKED,
    },
  ]

  it.each([true, false])('of the openai client reaches Gemini whole (streamed: %s)', async (stream) => {
    const route = stack.freshRoute('g')
    const client = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: stack.key })
    const body = {
      model: route,
      messages: [
        { role: 'system' as const, content: 'Be kind.' },
        {
          role: 'user' as const,
          content: [
            { type: 'text' as const, text: 'Is it sunny here?' },
            { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PNG}` } },
          ],
        },
        {
          role: 'assistant' as const,
          content: 'Let me see.',
          tool_calls: [
            {
              id: 'call_1',
              type: 'function' as const,
              function: { name: 'get_weather', arguments: '{"city":"Paris"}' },
            },
          ],
        },
        { role: 'tool' as const, tool_call_id: 'call_1', content: '21 °C' },
        { role: 'user' as const, content: 'And?' },
      ],
      tools: [
        {
          type: 'function' as const,
          function: { name: 'get_weather', description: 'Looks out.', parameters: PARAMETERS },
        },
      ],
      tool_choice: { type: 'function' as const, function: { name: 'get_weather' } },
      max_tokens: 50,
      temperature: 0.5,
      top_p: 0.9,
      stop: 'END',
      response_format: {
        type: 'json_schema' as const,
        json_schema: { name: 'weather', schema: SCHEMA, strict: true },
      },
    }
    if (stream) await client.chat.completions.stream(body).finalChatCompletion()
    else await client.chat.completions.create(body)
    expect(heardOf(route)).toEqual(asked(stream))
  })

  it.each([true, false])('of the Anthropic client reaches Gemini whole (streamed: %s)', async (stream) => {
    const route = stack.freshRoute('g')
    const client = new Anthropic({ baseURL: stack.url, apiKey: stack.key })
    const body = {
      model: route,
      system: 'Be kind.',
      messages: [
        {
          role: 'user' as const,
          content: [
            { type: 'text' as const, text: 'Is it sunny here?' },
            {
              type: 'image' as const,
              source: { type: 'base64' as const, media_type: 'image/png' as const, data: PNG },
            },
          ],
        },
        {
          role: 'assistant' as const,
          content: [
            { type: 'text' as const, text: 'Let me see.' },
            { type: 'tool_use' as const, id: 'call_1', name: 'get_weather', input: { city: 'Paris' } },
          ],
        },
        {
          role: 'user' as const,
          content: [
            { type: 'tool_result' as const, tool_use_id: 'call_1', content: '21 °C' },
            { type: 'text' as const, text: 'And?' },
          ],
        },
      ],
      tools: [{ name: 'get_weather', description: 'Looks out.', input_schema: PARAMETERS }],
      tool_choice: { type: 'tool' as const, name: 'get_weather' },
      max_tokens: 50,
      temperature: 0.5,
      top_p: 0.9,
      stop_sequences: ['END'],
      output_config: { format: { type: 'json_schema' as const, schema: SCHEMA } },
    }
    if (stream) await client.messages.stream(body).finalMessage()
    else await client.messages.create(body)
    expect(heardOf(route)).toEqual(asked(stream))
  })

  it('that Gemini has no words for goes to the next provider, and Gemini hears nothing of it', async () => {
    const route = stack.freshRoute('go')
    const body = {
      tools: [{ type: 'function', function: { name: 'get_weather', parameters: PARAMETERS } }],
      tool_choice: 'none',
      parallel_tool_calls: false,
    }
    // With no tool to call there is nothing to be kept from.
    const unhindered = await ask(stack, 'openai', route, { stream: false, body })
    expect(unhindered.headers.get('paceline-provider')).toBe('gemini')
    const hindered = await ask(stack, 'openai', route, {
      stream: false,
      body: { ...body, tool_choice: 'auto' },
    })
    expect(hindered.headers.get('paceline-provider')).toBe('openai')
    expect(stack.asked('gemini', route)).toHaveLength(1)
  })
})

describe('an answer', () => {
  let provider: ScriptedProvider
  let stack: Stack
  beforeAll(async () => {
    provider = await startScriptedProvider()
    stack = await startStack({ bindings: { GEMINI_URL: `${provider.url}/v1beta` } })
  })
  afterAll(async () => {
    await stack.close()
    await provider.close()
  })

  const saying = (parts: readonly object[], more: object = {}): object => ({
    candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
    responseId: 'r1',
    modelVersion: 'gemini-2.5-flash',
  })
  const streaming = (...responses: readonly object[]): void =>
    provider.answer((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(responses.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`).join(''))
    })
  const COUNTS = {
    promptTokenCount: 10,
    cachedContentTokenCount: 4,
    candidatesTokenCount: 5,
    thoughtsTokenCount: 7,
    totalTokenCount: 22,
  }

  it('keeps its thoughts and its counts, in the terms of both clients', async () => {
    streaming(saying([{ text: 'Hm.', thought: true }]), {
      ...saying([{ text: 'Yes.' }], { finishReason: 'STOP' }),
      usageMetadata: COUNTS,
    })
    const openai = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: stack.key })
    const completion = await openai.chat.completions
      .stream({
        model: stack.freshRoute('g'),
        messages: [{ role: 'user', content: 'x' }],
        stream_options: { include_usage: true },
      })
      .finalChatCompletion()
    expect(completion.choices[0]?.message).toMatchObject({ content: 'Yes.', reasoning_content: 'Hm.' })
    expect(completion.usage).toMatchObject({
      prompt_tokens: 10,
      completion_tokens: 12,
      prompt_tokens_details: { cached_tokens: 4 },
    })
    const anthropic = new Anthropic({ baseURL: stack.url, apiKey: stack.key })
    const message = await anthropic.messages
      .stream({
        model: stack.freshRoute('g'),
        max_tokens: 50,
        messages: [{ role: 'user', content: 'x' }],
      })
      .finalMessage()
    expect(message.content).toMatchObject([
      { type: 'thinking', thinking: 'Hm.' },
      { type: 'text', text: 'Yes.' },
    ])
    expect(message.usage).toMatchObject({
      input_tokens: 6,
      cache_read_input_tokens: 4,
      output_tokens: 12,
    })
  })

  describe.each(['openai', 'anthropic'] as const)('for a client of the %s wire', (client) => {
    it.each([
      ['MAX_TOKENS', { openai: '"length"', anthropic: '"max_tokens"' }],
      ['SAFETY', { openai: '"content_filter"', anthropic: '"refusal"' }],
    ] as const)('ends by its own reason where Gemini says %s', async (finishReason, spelled) => {
      streaming(saying([{ text: 'one' }]), saying([], { finishReason }))
      const seen = await ask(stack, client, stack.freshRoute('g'), { stream: true })
      expect(seen).toMatchObject({ text: 'one', ending: 'complete' })
      expect(seen.raw).toContain(`_reason":${spelled[client]}`)
    })

    it.each([true, false])('is a refusal where the prompt was blocked (streamed: %s)', async (stream) => {
      const blocked = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: COUNTS }
      if (stream) streaming(blocked)
      else provider.answer(json(200, blocked))
      const seen = await ask(stack, client, stack.freshRoute('go'), { stream })
      expect(seen).toMatchObject({ status: 400, ending: 'error' })
      expect(seen.message).toContain('PROHIBITED_CONTENT')
    })

    it('comes from the next provider where Gemini gave up before it said anything', async () => {
      streaming(saying([], { finishReason: 'MALFORMED_FUNCTION_CALL' }))
      const seen = await ask(stack, client, stack.freshRoute('go'), { stream: true })
      expect(seen).toMatchObject({ text: wholeTextOf('openai'), ending: 'complete' })
    })

    it('is incomplete where the stream closes without a finish reason', async () => {
      streaming(saying([{ text: 'one ' }]), saying([{ text: 'two' }]))
      const seen = await ask(stack, client, stack.freshRoute('go'), { stream: true })
      expect(seen).toMatchObject({ text: 'one two', ending: 'incomplete' })
    })
  })
})
