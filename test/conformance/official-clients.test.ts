import Anthropic, {
  AuthenticationError as AnthropicAuthentication,
  BadRequestError as AnthropicBadRequest,
} from '@anthropic-ai/sdk'
import OpenAI, {
  AuthenticationError as OpenAiAuthentication,
  BadRequestError as OpenAiBadRequest,
} from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { aimock, GREETING, ownMock, REFUSAL, REFUSED, TOOL_CUE, type Upstream } from './upstreams.ts'

const PARAMETERS = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] }
const OPENAI_TOOL = { type: 'function' as const, function: { name: 'get_weather', parameters: PARAMETERS } }
const ANTHROPIC_TOOL = { name: 'get_weather', input_schema: PARAMETERS }

/** Routes with one candidate each, so that the test knows which wire stands behind. */
const BEHIND = [
  { route: 'o', wire: 'openai' },
  { route: 'a', wire: 'anthropic' },
  { route: 'g', wire: 'gemini' },
] as const

describe.each([
  ['the mock provider', ownMock],
  ['aimock', aimock],
])('with %s behind the gateway', (_name, start) => {
  let upstream: Upstream
  beforeAll(async () => {
    upstream = await start()
  })
  afterAll(() => upstream.close())
  afterEach(() => upstream.stack.heal())

  describe.each(BEHIND)('over the $wire wire, the openai client', ({ route, wire }) => {
    const client = (): OpenAI =>
      new OpenAI({ baseURL: `${upstream.stack.url}/v1`, apiKey: upstream.stack.key })
    const ask = (content: string) => ({
      model: upstream.stack.freshRoute(route),
      messages: [{ role: 'user' as const, content }],
    })

    it('streams text', async () => {
      const stream = client().chat.completions.stream({
        ...ask(GREETING),
        stream_options: { include_usage: true },
      })
      const chunks: string[] = []
      for await (const chunk of stream) chunks.push(chunk.choices[0]?.delta.content ?? '')
      const final = await stream.finalChatCompletion()
      expect(chunks.filter((chunk) => chunk !== '').length).toBeGreaterThan(1)
      expect(final.choices[0]?.message.content).toBe(upstream.textOf(wire))
      expect(final.choices[0]?.finish_reason).toBe('stop')
      expect(final.usage?.completion_tokens).toBeGreaterThanOrEqual(upstream.fewestTokens)
    })

    it('gets text at once', async () => {
      const { data, response } = await client().chat.completions.create(ask(GREETING)).withResponse()
      expect(data.choices[0]?.message.content).toBe(upstream.textOf(wire))
      expect(data.choices[0]?.finish_reason).toBe('stop')
      expect(response.headers.get('paceline-provider')).toBe(wire)
      expect(data.usage?.completion_tokens).toBeGreaterThanOrEqual(upstream.fewestTokens)
    })

    it.each([true, false])('gets a tool call (streamed: %s)', async (stream) => {
      const body = { ...ask(TOOL_CUE), tools: [OPENAI_TOOL] }
      const completions = client().chat.completions
      const final = stream
        ? await completions.stream(body).finalChatCompletion()
        : await completions.create(body)
      expect(final.choices[0]?.finish_reason).toBe('tool_calls')
      const call = final.choices[0]?.message.tool_calls?.[0]
      expect(call?.type === 'function' && call.function.name).toBe('get_weather')
      expect(JSON.parse(call?.type === 'function' ? call.function.arguments : '')).toHaveProperty('city')
    })

    it.each([true, false])("reads the provider's reason for a refusal (streamed: %s)", async (stream) => {
      upstream.refuse()
      const refused = client().chat.completions.create({ ...ask(REFUSED), stream })
      await expect(refused).rejects.toBeInstanceOf(OpenAiBadRequest)
      await expect(refused).rejects.toMatchObject({
        status: 400,
        message: expect.stringMatching(REFUSAL) as string,
      })
    })

    it('is told of a wrong key in its own terms', async () => {
      const wrong = new OpenAI({ baseURL: `${upstream.stack.url}/v1`, apiKey: 'wrong' })
      await expect(wrong.chat.completions.create(ask(GREETING))).rejects.toBeInstanceOf(OpenAiAuthentication)
    })
  })

  describe.each(BEHIND)('over the $wire wire, the Anthropic client', ({ route, wire }) => {
    const client = (): Anthropic => new Anthropic({ baseURL: upstream.stack.url, apiKey: upstream.stack.key })
    const ask = (content: string) => ({
      model: upstream.stack.freshRoute(route),
      max_tokens: 100,
      messages: [{ role: 'user' as const, content }],
    })

    it('streams text', async () => {
      const stream = client().messages.stream(ask(GREETING))
      const deltas: string[] = []
      stream.on('text', (delta) => deltas.push(delta))
      const final = await stream.finalMessage()
      expect(deltas.length).toBeGreaterThan(1)
      expect(await stream.finalText()).toBe(upstream.textOf(wire))
      expect(final.stop_reason).toBe('end_turn')
      expect(final.usage.output_tokens).toBeGreaterThanOrEqual(upstream.fewestTokens)
    })

    it('gets text at once', async () => {
      const { data, response } = await client().messages.create(ask(GREETING)).withResponse()
      expect(data.content).toMatchObject([{ type: 'text', text: upstream.textOf(wire) }])
      expect(data.stop_reason).toBe('end_turn')
      expect(response.headers.get('paceline-provider')).toBe(wire)
      expect(data.usage.output_tokens).toBeGreaterThanOrEqual(upstream.fewestTokens)
    })

    it.each([true, false])('gets a tool call (streamed: %s)', async (stream) => {
      const body = { ...ask(TOOL_CUE), tools: [ANTHROPIC_TOOL] }
      const { messages } = client()
      const final = stream ? await messages.stream(body).finalMessage() : await messages.create(body)
      expect(final.stop_reason).toBe('tool_use')
      const use = final.content.find((block) => block.type === 'tool_use')
      expect(use?.name).toBe('get_weather')
      expect(use?.input).toHaveProperty('city')
    })

    it.each([true, false])("reads the provider's reason for a refusal (streamed: %s)", async (stream) => {
      upstream.refuse()
      const refused = client().messages.create({ ...ask(REFUSED), stream })
      await expect(refused).rejects.toBeInstanceOf(AnthropicBadRequest)
      await expect(refused).rejects.toMatchObject({
        status: 400,
        message: expect.stringMatching(REFUSAL) as string,
      })
    })

    it('is told of a wrong key in its own terms', async () => {
      const wrong = new Anthropic({ baseURL: upstream.stack.url, apiKey: 'wrong' })
      await expect(wrong.messages.create(ask(GREETING))).rejects.toBeInstanceOf(AnthropicAuthentication)
    })
  })

  it('lists its models to both clients', async () => {
    const { url, key } = upstream.stack
    const openai = await new OpenAI({ baseURL: `${url}/v1`, apiKey: key }).models.list()
    const anthropic = await new Anthropic({ baseURL: url, apiKey: key }).models.list()
    expect(openai.data.map(({ id }) => id)).toContain('shared')
    expect(anthropic.data.map(({ id }) => id)).toContain('shared')
  })
})
