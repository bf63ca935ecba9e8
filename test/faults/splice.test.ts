import Anthropic from '@anthropic-ai/sdk'
import type { FaultPlan } from '@paceline/mock-provider'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask, type ClientWire } from '../support/ask.ts'
import { startStack, wholeTextOf, type ProviderName, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ worker: 'worker-with-prefill.ts' })
})
afterAll(() => stack.close())
afterEach(() => stack.heal())

const CLIENTS: readonly ClientWire[] = ['openai', 'anthropic']
const ORDERS = [
  { order: 'oa', faulty: 'openai', healthy: 'anthropic' },
  { order: 'ao', faulty: 'anthropic', healthy: 'openai' },
] as const
const WAYS_TO_DIE: readonly { name: string; fault: FaultPlan }[] = [
  { name: 'a reset', fault: { kind: 'cut', afterTokens: 5 } },
  { name: 'a closed connection', fault: { kind: 'cut', afterTokens: 5, by: 'close' } },
  { name: 'a clean end without finish marker', fault: { kind: 'cut', afterTokens: 5, by: 'end' } },
  { name: 'a stall', fault: { kind: 'stall', afterTokens: 5 } },
  { name: 'an in-band error', fault: { kind: 'in-band-error', afterTokens: 5 } },
  { name: 'a malformed event', fault: { kind: 'malformed', afterTokens: 5 } },
]

/** A token of the mock providers is a word with the white space before it. */
const tokensIn = (text: string): number => text.match(/\s*\S+/g)?.length ?? 0
const begunBy = (provider: string): string => wholeTextOf(provider).split(' ').slice(0, 5).join(' ')
/** How much a provider said in its last attempt for a route, by its own account. */
const saidBy = (provider: ProviderName, route: string): number =>
  stack.asked(provider, route).at(-1)?.tokensSent ?? 0

describe.each(ORDERS)('an answer that $faulty breaks off', ({ order, faulty, healthy }) => {
  describe.each(CLIENTS)('for a client of the %s wire', (client) => {
    it.each(WAYS_TO_DIE)('is taken up by the other one after $name', async ({ fault }) => {
      stack[faulty].setFault(fault)
      const route = stack.freshRoute(order)
      const seen = await ask(stack, client, route, { stream: true })
      const begun = begunBy(faulty)
      expect(seen).toMatchObject({ status: 200, ending: 'complete' })
      expect(seen.text.startsWith(`${begun} `)).toBe(true)
      expect(tokensIn(seen.text)).toBe(5 + saidBy(healthy, route))
      expect(seen.paceline).toMatchObject({ provider: healthy, attempts: 2, answer: 'continued' })
      // The other provider was asked to go on with just these words.
      const [asked] = stack.asked(healthy, route)
      const { messages } = (asked?.requestBody ?? {}) as { messages?: { role: string; content: unknown }[] }
      expect(JSON.stringify(messages?.at(-1))).toContain(JSON.stringify(begun))
      expect(messages?.at(-1)?.role).toBe('assistant')
    })

    it('ends as incomplete where the other one refuses to go on, and says nothing of that', async () => {
      stack[faulty].setFault({ kind: 'cut', afterTokens: 5 })
      stack[healthy].configure({ prefill: 'refuse' })
      const route = stack.freshRoute(order)
      const seen = await ask(stack, client, route, { stream: true })
      expect(wholeTextOf(faulty).startsWith(seen.text)).toBe(true)
      expect(seen).toMatchObject({ ending: 'incomplete' })
      expect(seen.message).not.toMatch(/prefill|assistant/i)
      expect(stack.asked(healthy, route)).toHaveLength(1)
    })

    it('ends as incomplete where nobody can go on', async () => {
      stack[faulty].setFault({ kind: 'cut', afterTokens: 5 })
      const route = stack.freshRoute(`${order}u`)
      const seen = await ask(stack, client, route, { stream: true })
      expect(seen).toMatchObject({ ending: 'incomplete' })
      expect(stack.asked(healthy, route)).toHaveLength(0)
    })

    it('is begun anew by another provider for a caller that accepts it', async () => {
      stack[faulty].setFault({ kind: 'cut', afterTokens: 5 })
      const route = stack.freshRoute(`${order}u`)
      const headers = { 'paceline-accept': 'restart' }
      const seen = await ask(stack, client, route, { stream: true, headers })
      const marker = client === 'openai' ? '"paceline":{"restart":true}' : 'event: paceline_restart'
      const [before, after, ...more] = seen.raw.split(marker)
      expect(more).toEqual([])
      expect(before).not.toContain('nine')
      expect(after).toContain(client === 'openai' ? '"role":"assistant"' : 'event: message_start')
      expect(after).toContain('nine')
      expect(seen.text.endsWith(wholeTextOf(healthy))).toBe(true)
      expect(seen.paceline).toMatchObject({ provider: healthy, attempts: 2, answer: 'complete' })
    })

    it('is never gone on with inside a call of a tool', async () => {
      stack[faulty].setFault({ kind: 'cut-in-tool-call' })
      const route = stack.freshRoute(order)
      const seen = await ask(stack, client, route, { stream: true, body: TOOLS[client] })
      expect(seen).toMatchObject({ ending: 'incomplete' })
      expect(stack.asked(healthy, route)).toHaveLength(0)
    })
  })
})

const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const TOOLS = {
  openai: { tools: [{ type: 'function', function: { name: 'get_weather', parameters: schema } }] },
  anthropic: { tools: [{ name: 'get_weather', input_schema: schema }] },
}

describe.each(CLIENTS)('an answer to a client of the %s wire', (client) => {
  it('is taken up a second time where the second provider breaks off, too', async () => {
    stack.openai.setFault({ kind: 'cut', afterTokens: 5 })
    stack.anthropic.setFault({ kind: 'cut', afterTokens: 3, by: 'end' })
    const route = stack.freshRoute('oac')
    const seen = await ask(stack, client, route, { stream: true })
    expect(seen).toMatchObject({ ending: 'complete' })
    expect(seen.paceline).toMatchObject({ provider: 'compatible', attempts: 3, answer: 'continued' })
    expect(seen.text.startsWith(`${begunBy('openai')} `)).toBe(true)
    expect(tokensIn(seen.text)).toBe(5 + 3 + saidBy('compatible', route))
  })

  it('is asked for again from a model that repeats itself, and what repeats is dropped', async () => {
    stack.openai.configure({ texts: ['the very same words in the very same order every time'] })
    stack.openai.setFault({ kind: 'cut', afterTokens: 4, times: 1 })
    const route = stack.freshRoute('oau')
    const seen = await ask(stack, client, route, { stream: true, body: { temperature: 0 } })
    expect(seen).toMatchObject({
      text: 'the very same words in the very same order every time',
      ending: 'complete',
    })
    expect(seen.paceline).toMatchObject({ provider: 'openai', attempts: 3, answer: 'continued' })
    // A model of the same name elsewhere was asked first, and is another one.
    expect(stack.asked('anthropic', route)).toHaveLength(1)
  })

  it('stays incomplete where a model that should repeat itself does not', async () => {
    stack.openai.configure({ texts: ['{attempt} is the number of this attempt and of no other'] })
    stack.openai.setFault({ kind: 'cut', afterTokens: 4, times: 1 })
    const route = stack.freshRoute('oau')
    const seen = await ask(stack, client, route, { stream: true, body: { temperature: 0 } })
    expect(seen).toMatchObject({ ending: 'incomplete' })
    expect(seen.text).toMatch(/is the number$/)
  })
})

it('is not gone on with where more was asked for than words, which another answer could not bring along', async () => {
  stack.openai.setFault({ kind: 'cut', afterTokens: 5 })
  const route = stack.freshRoute('oac')
  const seen = await ask(stack, 'openai', route, { stream: true, body: { logprobs: true } })
  expect(seen).toMatchObject({ ending: 'incomplete' })
  expect(stack.asked('compatible', route)).toHaveLength(0)
})

describe.each(ORDERS)('a continued answer of $faulty', ({ order, faulty, healthy }) => {
  const messages = [{ role: 'user' as const, content: 'Why ride in a paceline?' }]

  it('is one message to the official openai client', async () => {
    stack[faulty].setFault({ kind: 'cut', afterTokens: 5 })
    const route = stack.freshRoute(order)
    const client = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: stack.key, maxRetries: 0 })
    const stream = client.chat.completions.stream({
      model: route,
      messages,
      stream_options: { include_usage: true },
    })
    const { choices, usage } = await stream.finalChatCompletion()
    expect(choices).toHaveLength(1)
    expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { role: 'assistant' } })
    expect(choices[0]?.message.content?.startsWith(`${begunBy(faulty)} `)).toBe(true)
    expect(tokensIn(choices[0]?.message.content ?? '')).toBe(5 + saidBy(healthy, route))
    expect(usage?.completion_tokens).toBe(saidBy(healthy, route))
  })

  it('is one block to the official anthropic client', async () => {
    stack[faulty].setFault({ kind: 'cut', afterTokens: 5 })
    const route = stack.freshRoute(order)
    const client = new Anthropic({ baseURL: stack.url, apiKey: stack.key, maxRetries: 0 })
    const { content, stop_reason } = await client.messages
      .stream({ model: route, max_tokens: 500, messages })
      .finalMessage()
    expect(stop_reason).toBe('end_turn')
    expect(content).toHaveLength(1)
    const [block] = content
    const text = block?.type === 'text' ? block.text : ''
    expect(text.startsWith(`${begunBy(faulty)} `)).toBe(true)
    expect(tokensIn(text)).toBe(5 + saidBy(healthy, route))
  })
})
