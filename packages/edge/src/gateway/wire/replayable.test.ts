import { describe, expect, it } from 'vitest'
import type { Part } from './part.ts'
import { anthropicWire } from './anthropic/wire.ts'
import { OpenAiStreamDecoder } from './openai/stream-decoder.ts'
import { openAiWire } from './openai/wire.ts'
import type { Wire } from './wire.ts'
import { isReplayable, plainParts } from './replayable.ts'

const BODY = { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }

function replayable(wire: Wire, body: object, passHeaders = {}): boolean {
  const parsed = wire.parseRequest({ ...BODY, ...body })
  if (!parsed.ok) throw new Error(parsed.bad.message)
  return isReplayable({ request: parsed.value, wire, passHeaders })
}

const FUNCTION = { type: 'function', function: { name: 'f' } }
const BETA = { 'anthropic-beta': 'context-1m' }

describe('an answer that can be given a second time', () => {
  it.each<[Wire, object]>([
    [openAiWire, { stream: true }],
    [openAiWire, { stream: true, temperature: 0, seed: 1, tools: [FUNCTION], logprobs: false, audio: null }],
    [openAiWire, { logprobs: true, modalities: ['text', 'audio'] }],
    [anthropicWire, { stream: true, system: 'be brief', top_k: 5, tools: [{ name: 'f' }] }],
    [anthropicWire, { thinking: { type: 'enabled', budget_tokens: 1_024 }, stop_sequences: ['x'] }],
  ])('is one ($0.name) to %j', (wire, body) => {
    expect(replayable(wire, body)).toBe(true)
  })

  it.each<[Wire, object, object?]>([
    [openAiWire, { n: 2 }],
    [openAiWire, { stream: true, n: 2 }],
    [openAiWire, { stream: true, logprobs: true }],
    [openAiWire, { stream: true, modalities: ['text', 'audio'] }],
    [openAiWire, { stream: true, web_search_options: {} }],
    [openAiWire, { stream: true, tools: [{ type: 'custom', custom: { name: 'f' } }] }],
    [anthropicWire, { stream: true, thinking: { type: 'enabled', budget_tokens: 1_024 } }],
    [anthropicWire, { stream: true, stop_sequences: ['x'] }],
    [anthropicWire, { stream: true, tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    [anthropicWire, { stream: true }, BETA],
  ])('is none ($0.name) to %j %j', (wire, body, headers) => {
    expect(replayable(wire, body, headers)).toBe(false)
  })
})

const chunk = (delta: object, more: object = {}): string =>
  JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta, ...more }] })
const decode = (data: string) => {
  const raw = { event: '', data }
  return { raw, parts: new OpenAiStreamDecoder(1).decode(raw) }
}

describe('the parts of an event', () => {
  it.each([
    chunk({ content: 'hello', refusal: null }, { logprobs: null }),
    chunk({ content: 'hello', annotations: [] }),
    chunk({ content: '{"refusal":"no","logprobs":{}}' }),
    chunk({ reasoning_content: 'hm' }),
  ])('are all that %s says', (data) => {
    const event = decode(data)
    expect(plainParts(event)).toEqual(event.parts)
  })

  it.each([
    chunk({ refusal: 'I can’t help with that.' }),
    chunk({ content: 'hello' }, { logprobs: { content: [{ token: 'hello' }] } }),
    chunk({ content: 'hello', annotations: [{ type: 'url_citation' }] }),
    chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '' } }] }),
    chunk({ audio: { data: 'x' } }),
  ])('are not all that %s says', (data) => {
    expect(plainParts(decode(data))).toBeNull()
  })

  it.each<Part>([
    { kind: 'other' },
    { kind: 'tool-call', index: 0, id: 'c', name: 'f' },
    { kind: 'tool-input', index: 0, json: '{' },
    { kind: 'error', failure: { kind: 'truncated', phase: 'stream', message: 'x' } },
  ])('are told to nobody else when one of them is %j', (part) => {
    expect(plainParts({ raw: null, parts: [{ kind: 'text', text: 'a' }, part] })).toBeNull()
  })
})
