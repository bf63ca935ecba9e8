import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type {
  Content,
  Conversation,
  ImageSource,
  Message,
  ToolChoice,
  Usage,
  WholeAnswer,
} from './conversation.ts'
import { anthropicWire } from './anthropic/wire.ts'
import { openAiWire } from './openai/wire.ts'
import type { UpstreamModel, Wire } from './wire.ts'

const MODEL: UpstreamModel = { model: 'up', maxOutputTokens: 4_096, maxTokensField: 'max_tokens' }

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
const name = fc.stringMatching(/^[a-z_]{1,8}$/)
const json = fc
  .dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3, noNullPrototype: true })
  .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>)
const source: fc.Arbitrary<ImageSource> = fc.oneof(
  fc.webUrl().map((url) => ({ kind: 'url' as const, url })),
  fc.record({
    kind: fc.constant('data' as const),
    mediaType: fc.constantFrom('image/png', 'image/jpeg'),
    base64: fc.base64String({ maxLength: 16 }),
  }),
)
const textPart = fc.record({ kind: fc.constant('text' as const), text })
const imagePart = fc.record({ kind: fc.constant('image' as const), source })
const words: fc.Arbitrary<Content[]> = fc.array(fc.oneof(textPart, imagePart), { minLength: 1, maxLength: 3 })

/** One turn of the assistant with its tool calls, and the user's turn with a result for each. */
const exchange: fc.Arbitrary<Message[]> = fc
  .record({
    said: fc.option(text),
    calls: fc.array(fc.record({ name, input: json, result: fc.option(text) }), { maxLength: 3 }),
    user: words,
  })
  .filter(({ said, calls }) => said !== null || calls.length > 0)
  .map(({ said, calls, user }): Message[] => [
    {
      role: 'assistant',
      content: [
        ...(said === null ? [] : [{ kind: 'text' as const, text: said }]),
        ...calls.map(({ name: called, input }, index) => ({
          kind: 'tool-use' as const,
          id: `call_${index}`,
          name: called,
          input,
        })),
      ],
    },
    {
      role: 'user',
      content: [
        ...calls.map(({ result }, index) => ({
          kind: 'tool-result' as const,
          id: `call_${index}`,
          content: result === null ? [] : [{ kind: 'text' as const, text: result }],
          isError: false,
        })),
        ...user,
      ],
    },
  ])

/** What both formats can say. Tool settings only stand where there are tools. */
const conversation: fc.Arbitrary<Conversation> = fc
  .record({
    system: fc.option(text),
    first: words,
    exchanges: fc.array(exchange, { maxLength: 3 }),
    tools: fc.array(
      fc.record({ name, description: fc.option(text), schema: json, strict: fc.option(fc.boolean()) }),
      { maxLength: 2 },
    ),
    toolChoice: fc.oneof(
      fc.record({ kind: fc.constantFrom('auto', 'none', 'required') }),
      fc.record({ kind: fc.constant('tool' as const), name }),
    ),
    parallelTools: fc.option(fc.boolean()),
    maxTokens: fc.integer({ min: 1, max: 9_999 }),
    temperature: fc.option(fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs)),
    topP: fc.option(fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs)),
    stop: fc.array(text, { maxLength: 4 }),
    schema: fc.option(json),
    user: fc.option(text),
  })
  .map(toConversation)

function toConversation(drawn: {
  system: string | null
  first: Content[]
  exchanges: Message[][]
  tools: Conversation['tools']
  toolChoice: ToolChoice
  parallelTools: boolean | null
  maxTokens: number
  temperature: number | null
  topP: number | null
  stop: string[]
  schema: unknown
  user: string | null
}): Conversation {
  const { first, exchanges, schema, tools, toolChoice, parallelTools, ...rest } = drawn
  return {
    ...rest,
    tools,
    toolChoice: tools.length === 0 ? null : toolChoice,
    parallelTools: tools.length === 0 || toolChoice.kind === 'none' ? null : parallelTools,
    jsonSchema: schema === null ? null : { name: 'answer', schema },
    messages: [{ role: 'user', content: first }, ...exchanges.flat()],
  }
}

/** What another reader of the wire would make of a body: it went over the network as JSON. */
function reread(wire: Wire, body: unknown): Conversation {
  const parsed = wire.parseRequest(JSON.parse(JSON.stringify(body)))
  if (!parsed.ok) throw new Error(parsed.bad.message)
  expect(parsed.value.needs.untranslatable()).toEqual([])
  return parsed.value.conversation()
}

/** Turns of one side may stand in one message or in several, and mean the same. */
function joinTurns(given: Conversation): Conversation {
  const messages: Message[] = []
  for (const message of given.messages) {
    const last = messages.at(-1)
    if (last?.role === message.role) {
      messages[messages.length - 1] = { ...last, content: [...last.content, ...message.content] }
    } else messages.push(message)
  }
  return { ...given, messages }
}

describe('a request on its way between formats', () => {
  it.each([
    [openAiWire, anthropicWire],
    [anthropicWire, openAiWire],
  ])('means the same when $name has carried it', (first, second) => {
    fc.assert(
      fc.property(conversation, fc.boolean(), (asked, stream) => {
        const received = reread(first, first.encodeRequest(asked, MODEL, stream))
        expect(joinTurns(received)).toEqual(asked)
        const forwarded = reread(second, second.encodeRequest(received, MODEL, stream))
        expect(joinTurns(forwarded)).toEqual(asked)
      }),
      { numRuns: 200 },
    )
  })

  it.each([openAiWire, anthropicWire])('asks a $name provider for its own model, streamed or not', (wire) => {
    const plain: Conversation = {
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
    }
    expect(wire.encodeRequest(plain, MODEL, true)).toMatchObject({ model: 'up', stream: true })
    expect(wire.encodeRequest(plain, MODEL, false)).not.toHaveProperty('stream')
  })

  it('gives every turn of an Anthropic request to the other side than the turn before', () => {
    const said = (role: 'user' | 'assistant', content: string): Message => ({
      role,
      content: [{ kind: 'text', text: content }],
    })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('user', 'assistant'), text), { minLength: 1, maxLength: 8 }),
        conversation,
        (turns, asked) => {
          const messages = turns.map(([role, content]) => said(role, content))
          const body = anthropicWire.encodeRequest({ ...asked, messages }, MODEL, false) as {
            messages: Message[]
          }
          const roles = body.messages.map(({ role }) => role)
          expect(roles.every((role, index) => role !== roles[index - 1])).toBe(true)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('tells an OpenAI provider in words that a tool has failed', () => {
    const parsed = anthropicWire.parseRequest({
      model: 'm',
      max_tokens: 5,
      messages: [
        { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: {} }] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'c', content: 'no such city', is_error: true }],
        },
      ],
    })
    if (!parsed.ok) throw new Error(parsed.bad.message)
    expect(openAiWire.encodeRequest(parsed.value.conversation(), MODEL, false)).toMatchObject({
      messages: [
        { role: 'assistant', content: null, tool_calls: [{ id: 'c' }] },
        { role: 'tool', tool_call_id: 'c', content: 'Error: no such city' },
      ],
    })
  })

  it('names the limit as the provider wants it named', () => {
    const parsed = anthropicWire.parseRequest({
      model: 'm',
      max_tokens: 5,
      messages: [{ role: 'user', content: 'x' }],
    })
    if (!parsed.ok) throw new Error(parsed.bad.message)
    const model = { ...MODEL, maxTokensField: 'max_completion_tokens' } as const
    const body = openAiWire.encodeRequest(parsed.value.conversation(), model, false)
    expect(body).toMatchObject({ max_completion_tokens: 5 })
    expect(body).not.toHaveProperty('max_tokens')
  })
})

/** Cached input is part of the input. */
const countCached = (counted: { fresh: number; cachedInputTokens: number; outputTokens: number }): Usage => ({
  inputTokens: counted.fresh + counted.cachedInputTokens,
  cachedInputTokens: counted.cachedInputTokens,
  outputTokens: counted.outputTokens,
})

const usage = fc
  .record({ fresh: fc.nat(9_999), cachedInputTokens: fc.nat(9_999), outputTokens: fc.nat(9_999) })
  .map(countCached)

const answer: fc.Arbitrary<WholeAnswer> = fc.record({
  id: name,
  model: name,
  reasoning: fc.option(text, { nil: '' }),
  text: fc.option(text, { nil: '' }),
  toolCalls: fc.array(fc.record({ id: name, name, json: json.map((value) => JSON.stringify(value)) }), {
    maxLength: 2,
  }),
  finish: fc.constantFrom('stop', 'length', 'tool-calls', 'content-filter'),
  usage,
})

describe('an unstreamed answer on its way between formats', () => {
  it.each([openAiWire, anthropicWire])('means the same when $name has carried it', (wire) => {
    fc.assert(
      fc.property(answer, (given) => {
        const body: unknown = JSON.parse(JSON.stringify(wire.encodeAnswer(given)))
        expect(wire.parseAnswer(body)).toEqual({ ok: true, value: given })
      }),
    )
  })

  it('shows an Anthropic caller arguments that are no JSON', () => {
    const given: WholeAnswer = {
      id: 'a',
      model: 'm',
      reasoning: '',
      text: '',
      toolCalls: [{ id: 'c', name: 'f', json: '{"city": Par' }],
      finish: 'tool-calls',
      usage: null,
    }
    expect(JSON.stringify(anthropicWire.encodeAnswer(given))).toContain(String.raw`{\"city\": Par`)
  })
})
