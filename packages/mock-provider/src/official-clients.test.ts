import Anthropic from '@anthropic-ai/sdk'
import OpenAI, { APIError } from 'openai'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startMockProvider, type MockProvider } from './mock-provider.ts'

const schema = {
  type: 'object' as const,
  properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 1, maximum: 7 } },
  required: ['city', 'days'],
}
const args = { city: expect.any(String) as unknown, days: expect.any(Number) as unknown }
const messages = [{ role: 'user' as const, content: 'Why ride in a line?' }]

let provider: MockProvider
beforeEach(async () => {
  provider = await startMockProvider({ name: 'north', apiKey: 'right' })
})
afterEach(() => provider.close())

describe('the official OpenAI client', () => {
  const client = (apiKey = 'right'): OpenAI =>
    new OpenAI({ baseURL: `${provider.url}/v1`, apiKey, maxRetries: 0 })

  it('reads a whole answer', async () => {
    const { data: answer, request_id } = await client()
      .chat.completions.create({ model: 'm', messages })
      .withResponse()
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { role: 'assistant' } })
    expect(answer.choices[0]?.message.content).toContain('north')
    expect(answer.usage?.total_tokens).toBe(
      (answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0),
    )
    expect(request_id).toMatch(/^req_/)
  })

  it('reads a stream with usage in a chunk of its own', async () => {
    const stream = client().chat.completions.stream({
      model: 'm',
      messages,
      stream_options: { include_usage: true },
    })
    const completion = await stream.finalChatCompletion()
    const { tokensSent } = await provider.waitForAttempt(({ ending }) => ending === 'complete')
    expect(completion.choices[0]).toMatchObject({ finish_reason: 'stop' })
    expect(completion.usage?.completion_tokens).toBe(tokensSent)
  })

  it('stops at the token limit', async () => {
    const answer = await client().chat.completions.create({ model: 'm', messages, max_completion_tokens: 3 })
    expect(answer.choices[0]?.finish_reason).toBe('length')
    expect(answer.choices[0]?.message.content?.split(' ')).toHaveLength(3)
  })

  it.each([true, false])('calls a tool, then talks about its result (stream: %s)', async (stream) => {
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: schema } }]
    const request = { model: 'm', messages, tools }
    const first = stream
      ? await client().chat.completions.stream(request).finalChatCompletion()
      : await client().chat.completions.create(request)
    const call = first.choices[0]?.message.tool_calls?.[0]
    if (call?.type !== 'function') throw new Error('no function call')
    expect(first.choices[0]?.finish_reason).toBe('tool_calls')
    expect(JSON.parse(call.function.arguments)).toEqual(args)

    const result = { role: 'tool' as const, tool_call_id: call.id, content: 'rain' }
    const turn = { role: 'assistant' as const, tool_calls: [call] }
    const second = await client().chat.completions.create({
      model: 'm',
      tools,
      messages: [...messages, turn, result],
    })
    expect(second.choices[0]?.finish_reason).toBe('stop')
  })

  it('lists models and knows every error', async () => {
    expect((await client().models.list()).data.map(({ id }) => id)).toContain('mock-large')
    await expect(client('wrong').chat.completions.create({ model: 'm', messages })).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    })
    await expect(
      client().chat.completions.create({ model: 'm!rate-limit:3', messages }),
    ).rejects.toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
    })
    await expect(
      client().chat.completions.create({ model: 'm!context-length', messages }),
    ).rejects.toMatchObject({
      status: 400,
      code: 'context_length_exceeded',
    })
    await expect(client().chat.completions.create({ model: 'm', messages: [] })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('messages') as unknown,
    })
  })

  it('throws at an error in the stream', async () => {
    const stream = await client().chat.completions.create({
      model: 'm!in-band-error:2',
      messages,
      stream: true,
    })
    const read = async (): Promise<void> => {
      for await (const _ of stream);
    }
    await expect(read()).rejects.toBeInstanceOf(APIError)
  })
})

describe('the official Anthropic client', () => {
  const client = (apiKey = 'right'): Anthropic =>
    new Anthropic({ baseURL: provider.url, apiKey, maxRetries: 0 })

  it('reads a whole answer', async () => {
    const { data: answer, request_id } = await client()
      .messages.create({ model: 'm', max_tokens: 500, messages })
      .withResponse()
    expect(answer).toMatchObject({ role: 'assistant', stop_reason: 'end_turn', content: [{ type: 'text' }] })
    expect(answer.usage.output_tokens).toBeGreaterThan(20)
    expect(request_id).toMatch(/^req_/)
  })

  it('reads a stream with usage at both ends', async () => {
    const answer = await client().messages.stream({ model: 'm', max_tokens: 5, messages }).finalMessage()
    expect(answer).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 5 } })
    expect(answer.usage.input_tokens).toBeGreaterThan(0)
  })

  it.each([true, false])('calls a tool, then talks about its result (stream: %s)', async (stream) => {
    const tools = [{ name: 'weather', input_schema: schema }]
    const request = { model: 'm', max_tokens: 500, messages, tools }
    const first = await (stream
      ? client().messages.stream(request).finalMessage()
      : client().messages.create(request))
    expect(first).toMatchObject({ stop_reason: 'tool_use', content: [{ type: 'tool_use', input: args }] })

    const [call] = first.content
    if (call?.type !== 'tool_use') throw new Error('no tool call')
    const result = { type: 'tool_result' as const, tool_use_id: call.id, content: 'rain' }
    const turn = [
      {
        role: 'assistant' as const,
        content: [{ type: 'tool_use' as const, id: call.id, name: call.name, input: {} }],
      },
      { role: 'user' as const, content: [result] },
    ]
    const second = await client().messages.create({ ...request, messages: [...messages, ...turn] })
    expect(second.stop_reason).toBe('end_turn')
  })

  it('goes on from a prefill, unless that is refused', async () => {
    const whole = await client().messages.create({ model: 'm', max_tokens: 500, messages })
    const text = whole.content[0]?.type === 'text' ? whole.content[0].text : ''
    const start = text.slice(0, 41).trimEnd()
    const prefilled = {
      model: 'm',
      max_tokens: 500,
      messages: [...messages, { role: 'assistant' as const, content: start }],
    }
    const rest = await client().messages.create(prefilled)
    expect(rest.content[0]).toMatchObject({ text: text.slice(start.length) })

    provider.configure({ prefill: 'refuse' })
    await expect(client().messages.create(prefilled)).rejects.toMatchObject({
      status: 400,
      type: 'invalid_request_error',
    })
  })

  it('knows every error', async () => {
    const request = { max_tokens: 500, messages }
    await expect(client('wrong').messages.create({ ...request, model: 'm' })).rejects.toMatchObject({
      status: 401,
      type: 'authentication_error',
    })
    await expect(client().messages.create({ ...request, model: 'm!overloaded' })).rejects.toMatchObject({
      status: 529,
      type: 'overloaded_error',
    })
    await expect(
      client()
        .messages.stream({ ...request, model: 'm!in-band-error:2:overloaded' })
        .finalMessage(),
    ).rejects.toMatchObject({ type: 'overloaded_error' })
  })
})
