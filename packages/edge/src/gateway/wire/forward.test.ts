import { describe, expect, it } from 'vitest'
import { anthropicWire } from './anthropic/wire.ts'
import { openAiWire } from './openai/wire.ts'
import { parseJson } from './parse-json.ts'
import type { UpstreamModel, Wire } from './wire.ts'

const OLD: UpstreamModel = { model: 'up', maxOutputTokens: 4_096, maxTokensField: 'max_tokens' }
const NEW: UpstreamModel = { ...OLD, maxTokensField: 'max_completion_tokens' }
const QUESTION = { role: 'user', content: 'x' }

function forward(wire: Wire, fields: object, model = OLD): unknown {
  const parsed = wire.parseRequest({ model: 'chat', messages: [QUESTION], ...fields })
  if (!parsed.ok) throw new Error(parsed.bad.message)
  return wire.forward(parsed.value, model)
}

describe('a request passed on to an OpenAI provider', () => {
  it('names the model as the provider does, and keeps all else', () => {
    const fields = { seed: 7, stream: true, metadata: { a: 'b' }, odd: [1] }
    expect(forward(openAiWire, fields)).toEqual({ model: 'up', messages: [QUESTION], ...fields })
  })

  it.each<[object, UpstreamModel, object]>([
    [{ max_tokens: 5 }, OLD, { max_tokens: 5 }],
    [{ max_tokens: 5 }, NEW, { max_completion_tokens: 5 }],
    [{ max_completion_tokens: 5 }, OLD, { max_tokens: 5 }],
    [{ max_completion_tokens: 5 }, NEW, { max_completion_tokens: 5 }],
    [{ max_tokens: 5, max_completion_tokens: 6 }, OLD, { max_tokens: 6 }],
    [{ max_tokens: 5, max_completion_tokens: null }, NEW, { max_completion_tokens: 5 }],
    [{ max_tokens: null }, NEW, {}],
    [{}, NEW, {}],
  ])('spells the limit in %j as the model takes it', (fields, model, limit) => {
    expect(forward(openAiWire, fields, model)).toEqual({ model: 'up', messages: [QUESTION], ...limit })
  })
})

describe('a request passed on to a provider of its own format', () => {
  it.each([
    [openAiWire, '"seed":9007199254740993'],
    [anthropicWire, '"max_tokens":5,"odd":{"id":12345678901234567890}'],
  ])('keeps the digits of numbers that are too long for JavaScript ($0.name)', (wire, fields) => {
    const body = parseJson(`{"model":"chat","messages":[{"role":"user","content":"x"}],${fields}}`)
    const parsed = wire.parseRequest(body.ok ? body.value : null)
    if (!parsed.ok) throw new Error(parsed.bad.message)
    expect(JSON.stringify(wire.forward(parsed.value, OLD))).toContain(fields.split(',').at(-1))
  })

  it('says of such a number that it is too long where one of its size is nothing to work with', () => {
    const body = parseJson('{"model":"m","messages":[],"max_tokens":12345678901234567890}')
    expect(
      openAiWire.parseRequest(body.ok ? { ...(body.value as object), messages: [QUESTION] } : null),
    ).toMatchObject({
      ok: false,
      bad: { param: 'max_tokens', message: expect.stringContaining('an integer beyond 2^53') as string },
    })
  })
})

describe('a request passed on to an Anthropic provider', () => {
  const said = (...content: readonly object[]): object => ({ role: 'assistant', content })
  const SIGNED = { type: 'thinking', thinking: 'a', signature: 's' }
  const UNSIGNED = { type: 'thinking', thinking: 'b', signature: '' }
  const TEXT = { type: 'text', text: 'c', cache_control: { type: 'ephemeral' } }

  it('names the model as the provider does, and keeps all else', () => {
    const fields = { max_tokens: 5, top_k: 3, messages: [QUESTION, said(SIGNED, TEXT), QUESTION] }
    expect(forward(anthropicWire, fields)).toEqual({ model: 'up', ...fields })
  })

  it('leaves out thinking that bears no signature, since the provider would refuse it', () => {
    const messages = [QUESTION, said(UNSIGNED, SIGNED, TEXT), QUESTION]
    expect(forward(anthropicWire, { max_tokens: 5, messages })).toMatchObject({
      messages: [QUESTION, said(SIGNED, TEXT), QUESTION],
    })
  })

  it('leaves out a turn of which nothing is left: the provider takes no empty one', () => {
    const messages = [QUESTION, said(UNSIGNED), QUESTION]
    expect(forward(anthropicWire, { max_tokens: 5, messages })).toMatchObject({
      messages: [QUESTION, QUESTION],
    })
  })

  it('changes no body of the caller', () => {
    const messages = [QUESTION, said(UNSIGNED, TEXT), QUESTION]
    const before = JSON.stringify(messages)
    forward(anthropicWire, { max_tokens: 5, messages })
    expect(JSON.stringify(messages)).toBe(before)
  })
})
