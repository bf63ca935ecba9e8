import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startStack, type Stack } from '../support/stack.ts'

// The service itself has no local simulation: what stands behind the gateway here answers as its documents say.

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ worker: 'worker-with-ai.ts' })
})
afterAll(() => stack.close())

const PARAMETERS = { type: 'object' as const, properties: { city: { type: 'string' } } }
const QUESTION = [{ role: 'user' as const, content: 'one two three' }]

describe('with a binding to Workers AI behind the gateway, the openai client', () => {
  const completions = (): OpenAI['chat']['completions'] =>
    new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: stack.key }).chat.completions
  const BODY = { model: 'bound', messages: QUESTION }
  const TOOLS = [{ type: 'function' as const, function: { name: 'get_weather', parameters: PARAMETERS } }]

  it('streams text and counts', async () => {
    const stream = completions().stream({ ...BODY, stream_options: { include_usage: true } })
    const pieces: string[] = []
    stream.on('content', (delta) => pieces.push(delta))
    const final = await stream.finalChatCompletion()
    expect(pieces).toEqual(['one ', 'two ', 'three'])
    expect(final.choices[0]?.finish_reason).toBe('stop')
    expect(final.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 4 })
  })

  it('gets text at once', async () => {
    const { data, response } = await completions().create(BODY).withResponse()
    expect(data.choices[0]?.message.content).toBe('one two three')
    expect(data.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 4 })
    expect(response.headers.get('paceline-provider')).toBe('bound')
  })

  it.each([true, false])('gets a tool call (streamed: %s)', async (stream) => {
    const body = { ...BODY, tools: TOOLS }
    const final = stream
      ? await completions().stream(body).finalChatCompletion()
      : await completions().create(body)
    expect(final.choices[0]?.finish_reason).toBe('tool_calls')
    expect(final.choices[0]?.message.tool_calls).toMatchObject([
      { id: expect.stringMatching(/^call_./) as string, function: { arguments: '{"city":"Paris"}' } },
    ])
  })

  it('is answered by the next provider where the service has no such model', async () => {
    const { data, response } = await completions()
      .create({ ...BODY, model: 'bound-then-openai' })
      .withResponse()
    expect(data.choices[0]?.finish_reason).toBe('stop')
    expect(response.headers.get('paceline-provider')).toBe('openai')
    expect(response.headers.get('paceline-attempts')).toBe('2')
  })
})

describe('with a binding to Workers AI behind the gateway, the Anthropic client', () => {
  const messages = (): Anthropic['messages'] =>
    new Anthropic({ baseURL: stack.url, apiKey: stack.key }).messages
  const BODY = { model: 'bound', max_tokens: 100, messages: QUESTION }
  const TOOLS = [{ name: 'get_weather', input_schema: PARAMETERS }]

  it.each([true, false])('gets text and counts (streamed: %s)', async (stream) => {
    const final = stream ? await messages().stream(BODY).finalMessage() : await messages().create(BODY)
    expect(final.content).toMatchObject([{ type: 'text', text: 'one two three' }])
    expect(final.stop_reason).toBe('end_turn')
    expect(final.usage).toMatchObject({ input_tokens: 3, output_tokens: 4 })
  })

  it('is told that an answer was cut off which is as long as it was allowed to be', async () => {
    const final = await messages().create({ ...BODY, max_tokens: 4 })
    expect(final.stop_reason).toBe('max_tokens')
  })

  it.each([true, false])('gets a tool call (streamed: %s)', async (stream) => {
    const body = { ...BODY, tools: TOOLS }
    const final = stream ? await messages().stream(body).finalMessage() : await messages().create(body)
    expect(final.stop_reason).toBe('tool_use')
    expect(final.content).toMatchObject([{ type: 'tool_use', name: 'get_weather', input: { city: 'Paris' } }])
  })
})
