import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startStack, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const defaultHeaders = { 'paceline-tenant': 'acme' }
const messages = [{ role: 'user' as const, content: 'hello there' }]
const BEHIND = ['koa', 'ka'] as const

describe.each(BEHIND)('a stored answer of the route %s', (order) => {
  describe('through the openai client', () => {
    const client = (): OpenAI =>
      new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: stack.key, defaultHeaders, maxRetries: 0 })

    it('streams the same words in the same pieces, with the same end and the same counts', async () => {
      const model = stack.freshRoute(order)
      const listen = async () => {
        const stream = client().chat.completions.stream({
          model,
          messages,
          stream_options: { include_usage: true },
        })
        const pieces: string[] = []
        for await (const chunk of stream) pieces.push(chunk.choices[0]?.delta.content ?? '')
        const { choices, usage, id } = await stream.finalChatCompletion()
        return { pieces: pieces.filter((piece) => piece !== ''), id, choices, usage }
      }
      const first = await listen()
      const second = await listen()
      expect(first.pieces.length).toBeGreaterThan(5)
      expect(second.pieces).toEqual(first.pieces)
      expect(second.id).toBe(first.id)
      expect(second.choices[0]).toMatchObject({
        finish_reason: 'stop',
        message: { content: first.choices[0]?.message.content },
      })
      expect(second.usage).toMatchObject({
        prompt_tokens: first.usage?.prompt_tokens,
        completion_tokens: first.usage?.completion_tokens,
        total_tokens: first.usage?.total_tokens,
      })
      expect(attempts(model)).toBe(1)
    })

    it('is the same at once', async () => {
      const model = stack.freshRoute(order)
      const first = await client().chat.completions.create({ model, messages })
      const { data, response } = await client().chat.completions.create({ model, messages }).withResponse()
      expect(data).toEqual(first)
      expect(response.headers.get('paceline-answer')).toBe('cached')
      expect(attempts(model)).toBe(1)
    })
  })

  describe('through the Anthropic client', () => {
    const client = (): Anthropic =>
      new Anthropic({ baseURL: stack.url, apiKey: stack.key, defaultHeaders, maxRetries: 0 })

    it('streams the same words in the same pieces, with the same end and the same counts', async () => {
      const model = stack.freshRoute(order)
      const listen = async () => {
        const stream = client().messages.stream({ model, messages, max_tokens: 100 })
        const pieces: string[] = []
        stream.on('text', (piece) => pieces.push(piece))
        const { content, stop_reason: stop, usage, id } = await stream.finalMessage()
        return { pieces, id, content, stop, usage }
      }
      const first = await listen()
      const second = await listen()
      expect(first.pieces.length).toBeGreaterThan(5)
      expect(second.pieces).toEqual(first.pieces)
      expect(second.stop).toBe('end_turn')
      expect(second.id).toBe(first.id)
      expect(second.content).toMatchObject(first.content)
      expect(second.usage).toMatchObject({
        input_tokens: first.usage.input_tokens,
        output_tokens: first.usage.output_tokens,
      })
      expect(attempts(model)).toBe(1)
    })

    it('is the same at once', async () => {
      const model = stack.freshRoute(order)
      const first = await client().messages.create({ model, messages, max_tokens: 100 })
      const { data, response } = await client()
        .messages.create({ model, messages, max_tokens: 100 })
        .withResponse()
      expect(data).toEqual(first)
      expect(response.headers.get('paceline-answer')).toBe('cached')
      expect(attempts(model)).toBe(1)
    })
  })
})

const attempts = (route: string): number =>
  stack.asked('openai', route).length + stack.asked('anthropic', route).length
