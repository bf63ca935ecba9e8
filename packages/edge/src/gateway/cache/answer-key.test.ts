import { parseConfig } from '@paceline/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Call } from '../call.ts'
import { setUp, type Route } from '../setup.ts'
import { anthropicWire } from '../wire/anthropic/wire.ts'
import { openAiWire } from '../wire/openai/wire.ts'
import type { Wire } from '../wire/wire.ts'
import { answerKey } from './answer-key.ts'

const { routes } = setUp(
  parseConfig({
    providers: { p: { wire: 'openai', baseUrl: 'https://p.test/v1' } },
    models: { m: { provider: 'p', model: 'm' } },
    routes: { chat: { candidates: ['m'] }, other: { candidates: ['m'] } },
    keys: { app: { secretFrom: 'KEY' } },
  }),
  {},
)
const [chat, other] = routes as readonly [Route, Route]

interface Asking {
  readonly wire?: Wire
  readonly route?: Route
  readonly app?: string
  readonly tenant?: string
  readonly passHeaders?: Call['passHeaders']
}

function keyOf(body: object, asking: Asking = {}): Promise<string> {
  const { wire = openAiWire, route = chat, app = 'app', tenant = 'acme', passHeaders = {} } = asking
  const parsed = wire.parseRequest({ ...BODY, ...body })
  if (!parsed.ok) throw new Error(parsed.bad.message)
  return answerKey({ route, wire, request: parsed.value, passHeaders }, { app, tenant })
}

const BODY = { model: 'chat', max_tokens: 100, messages: [{ role: 'user', content: 'hello' }] }

const shuffled = (body: object): fc.Arbitrary<object> =>
  fc
    .shuffledSubarray(Object.entries(body), { minLength: Object.keys(body).length })
    .map((entries) => Object.fromEntries(entries))

/** Whatever changes an answer, and a value of it that nobody sends by default. */
const MATTERS: readonly object[] = [
  { messages: [{ role: 'user', content: 'hello!' }] },
  { messages: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }] },
  { messages: [...BODY.messages, { role: 'assistant', content: 'hi' }] },
  { max_tokens: 101 },
  { temperature: 0 },
  { temperature: 0.7 },
  { top_p: 0.5 },
  { top_k: 5 },
  { seed: 7 },
  { stop: 'x' },
  { frequency_penalty: 1 },
  { presence_penalty: 1 },
  { logit_bias: { 50256: -100 } },
  { reasoning_effort: 'low' },
  { response_format: { type: 'json_object' } },
  { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } } },
  { tools: [{ type: 'function', function: { name: 'f' } }] },
  { tools: [{ type: 'function', function: { name: 'g' } }] },
  { tool_choice: 'none' },
  { parallel_tool_calls: false },
  { n: 2 },
  { stream: true },
  { stream: true, stream_options: { include_usage: true } },
  { a_field_of_tomorrow: 1 },
]

describe('the key of an answer', () => {
  it('is the same for every order of the fields', async () => {
    const body = { ...BODY, temperature: 0.5, seed: 1, stop: ['a'], response_format: { type: 'text' } }
    const key = await keyOf(body)
    expect(key).toMatch(/^[0-9a-f]{64}$/)
    await fc.assert(
      fc.asyncProperty(shuffled(body), async (reordered) => {
        expect(await keyOf(reordered)).toBe(key)
      }),
      { numRuns: 30 },
    )
  })

  it('differs by everything that the answer depends on', async () => {
    const keys = await Promise.all([{}, ...MATTERS].map((body) => keyOf(body)))
    expect(new Set(keys).size).toBe(MATTERS.length + 1)
  })

  it('differs by sampling parameters whenever they differ', async () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0)
    const sampling = fc.record(
      { temperature: unit, top_p: unit, seed: fc.integer(), presence_penalty: unit },
      { requiredKeys: [], noNullPrototype: true },
    )
    const NAMES = ['temperature', 'top_p', 'seed', 'presence_penalty'] as const
    await fc.assert(
      fc.asyncProperty(sampling, sampling, async (one, two) => {
        const same = NAMES.every((name) => one[name] === two[name])
        expect((await keyOf(one)) === (await keyOf(two))).toBe(same)
      }),
      { numRuns: 60 },
    )
  })

  it.each([
    { user: 'someone' },
    { metadata: { user_id: 'someone' } },
    { safety_identifier: 'someone' },
    { prompt_cache_key: 'k' },
    { model: 'gpt-4o' },
    { stream: false },
    { stream_options: { include_obfuscation: false } },
  ])('stays the same with %j', async (body) => {
    expect(await keyOf(body)).toBe(await keyOf({}))
  })

  it('is another for another tenant, app, route, format or header of the format', async () => {
    const keys = await Promise.all([
      keyOf({}),
      keyOf({}, { tenant: 'umbrella' }),
      keyOf({}, { app: 'other' }),
      keyOf({}, { route: other }),
      keyOf({}, { wire: anthropicWire }),
      keyOf({}, { wire: anthropicWire, passHeaders: { 'anthropic-version': '2023-06-01' } }),
    ])
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('can’t be led astray by a tenant that looks like something else', async () => {
    expect(await keyOf({}, { app: 'a', tenant: 'b","tenant":"c' })).not.toBe(
      await keyOf({}, { app: 'a', tenant: 'c' }),
    )
  })
})
