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
import { geminiWire } from './gemini/wire.ts'
import { openAiWire } from './openai/wire.ts'
import { parseJson } from './parse-json.ts'
import { workersAiWire } from './workers-ai/wire.ts'
import type { CallerWire, ProviderWire, UpstreamModel, Wire } from './wire.ts'

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

/** A provider's side as this test writes it after the provider's own documents. */
interface Reader {
  readonly wire: ProviderWire
  read(body: unknown): Conversation
  /** What is left of a conversation: hints about its sender stay out where a format has no place for them. */
  kept(asked: Conversation): Conversation
}

interface GeminiBody {
  readonly systemInstruction?: { readonly parts: readonly { readonly text: string }[] }
  readonly contents: readonly { readonly role: string; readonly parts: readonly GeminiPart[] }[]
  readonly tools?: readonly { readonly functionDeclarations: readonly GeminiFunction[] }[]
  readonly toolConfig?: { readonly functionCallingConfig: GeminiChoice }
  readonly generationConfig?: Readonly<Record<string, unknown>>
}
type GeminiFunction = { name: string; description?: string; parametersJsonSchema: unknown }
type GeminiChoice = { mode: string; allowedFunctionNames?: readonly string[] }
interface GeminiPart {
  readonly text?: string
  readonly inlineData?: { readonly mimeType: string; readonly data: string }
  readonly fileData?: { readonly fileUri: string }
  readonly functionCall?: { readonly id: string; readonly name: string; readonly args: unknown }
  readonly functionResponse?: {
    readonly id: string
    readonly name: string
    readonly response: { readonly output?: string; readonly error?: string }
  }
}

function readGemini(body: unknown): Conversation {
  const { systemInstruction, contents, tools, toolConfig, generationConfig = {} } = body as GeminiBody
  const config = generationConfig as Record<string, never>
  const choice = toolConfig?.functionCallingConfig
  const declared = tools?.flatMap((one) => one.functionDeclarations) ?? []
  const names = new Map<string, string>()
  return {
    system: systemInstruction?.parts.map((part) => part.text).join('') ?? null,
    messages: contents.map(({ role, parts }): Message => {
      expect(['user', 'model']).toContain(role)
      return {
        role: role === 'user' ? 'user' : 'assistant',
        content: parts.map((part) => readGeminiPart(part, names)),
      }
    }),
    tools: declared.map((one) => ({
      name: one.name,
      description: one.description ?? null,
      schema: one.parametersJsonSchema,
      strict: choice?.mode === 'VALIDATED' ? true : null,
    })),
    toolChoice: choice === undefined ? null : readGeminiChoice(choice),
    parallelTools: null,
    maxTokens: config['maxOutputTokens'] ?? null,
    temperature: config['temperature'] ?? null,
    topP: config['topP'] ?? null,
    stop: config['stopSequences'] ?? [],
    jsonSchema:
      config['responseMimeType'] === 'application/json'
        ? { name: 'answer', schema: config['responseJsonSchema'] }
        : null,
    user: null,
  }
}

function readGeminiChoice({ mode, allowedFunctionNames: names }: GeminiChoice): ToolChoice {
  if (mode === 'NONE') return { kind: 'none' }
  if (mode !== 'ANY') return { kind: 'auto' }
  return names === undefined ? { kind: 'required' } : { kind: 'tool', name: names.join() }
}

function readGeminiPart(part: GeminiPart, names: Map<string, string>): Content {
  const {
    text: said,
    inlineData: inline,
    fileData: file,
    functionCall: call,
    functionResponse: result,
  } = part
  if (said !== undefined) return { kind: 'text', text: said }
  if (inline) {
    return { kind: 'image', source: { kind: 'data', mediaType: inline.mimeType, base64: inline.data } }
  }
  if (file) return { kind: 'image', source: { kind: 'url', url: file.fileUri } }
  if (call) {
    names.set(call.id, call.name)
    return { kind: 'tool-use', id: call.id, name: call.name, input: call.args }
  }
  if (!result) throw new Error('a part that says nothing')
  // The provider pairs results with calls by their name, too.
  expect(result.name).toBe(names.get(result.id))
  const { output, error } = result.response
  const told = output ?? error ?? ''
  return {
    kind: 'tool-result',
    id: result.id,
    content: told === '' ? [] : [{ kind: 'text', text: told }],
    isError: error !== undefined,
  }
}

function readWorkersAi(body: unknown): Conversation {
  const { response_format: format, ...rest } = body as { response_format?: { json_schema: unknown } }
  const schema = { name: 'answer', schema: format?.json_schema }
  const more = format === undefined ? {} : { response_format: { type: 'json_schema', json_schema: schema } }
  return reread(openAiWire, { model: 'in the call', ...rest, ...more })
}

const READERS: readonly Reader[] = [
  { wire: openAiWire, read: (body) => reread(openAiWire, body), kept: (asked) => asked },
  { wire: anthropicWire, read: (body) => reread(anthropicWire, body), kept: (asked) => asked },
  {
    wire: geminiWire,
    read: readGemini,
    kept(asked) {
      const isStrict = asked.toolChoice?.kind === 'auto' && asked.tools.some(({ strict }) => strict === true)
      const tools = asked.tools.map((tool) => ({ ...tool, strict: isStrict ? true : null }))
      return { ...asked, tools, parallelTools: null, user: null }
    },
  },
  {
    wire: workersAiWire,
    read: readWorkersAi,
    kept(asked) {
      const choice = asked.toolChoice
      const rest = { ...asked, parallelTools: null, user: null }
      if (choice?.kind === 'none') return { ...rest, tools: [], toolChoice: null }
      if (choice?.kind !== 'tool') return rest
      const tools = asked.tools.filter((tool) => tool.name === choice.name)
      return { ...rest, tools, toolChoice: { kind: 'required' } }
    },
  },
]
const CALLERS: readonly Wire[] = [openAiWire, anthropicWire]
const PAIRS = CALLERS.flatMap((caller) => READERS.map((reader) => ({ caller, reader })))

describe('a request of every caller to every provider', () => {
  it.each(PAIRS)(
    'is said whole, or not at all, when $caller.name asks $reader.wire.name',
    ({ caller, reader }) => {
      fc.assert(
        fc.property(conversation, fc.boolean(), (asked, stream) => {
          const received = reread(caller, caller.encodeRequest(asked, MODEL, stream))
          fc.pre(reader.wire.unsayable(received, MODEL, stream).length === 0)
          const body: unknown = JSON.parse(JSON.stringify(reader.wire.encodeRequest(received, MODEL, stream)))
          expect(joinTurns(reader.read(body))).toEqual(reader.kept(asked))
        }),
        { numRuns: 60 },
      )
    },
  )

  const PLAIN: Conversation = {
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
  const tool = (called: string) => ({ name: called, description: null, schema: {}, strict: null })
  const image = (given: ImageSource): Partial<Conversation> => ({
    messages: [{ role: 'user', content: [{ kind: 'image', source: given }] }],
  })
  const data = (mediaType: string): Partial<Conversation> =>
    image({ kind: 'data', mediaType, base64: 'AA==' })
  const result = (...content: readonly Content[]): Partial<Conversation> => ({
    messages: [
      { role: 'assistant', content: [{ kind: 'tool-use', id: 'c', name: 'f', input: {} }] },
      { role: 'user', content: [{ kind: 'tool-result', id: 'c', content, isError: false }] },
    ],
  })
  const PICTURE: Content = { kind: 'image', source: { kind: 'data', mediaType: 'image/png', base64: '' } }
  const stops = (count: number): Partial<Conversation> => ({
    stop: Array.from({ length: count }, (_, index) => `stop ${index}`),
  })
  const ALL = ['openai', 'anthropic', 'gemini', 'workers-ai']

  it.each<[string, Partial<Conversation>, readonly string[]]>([
    ['nothing special', {}, ALL],
    ['instructions alone', { system: 'be kind', messages: [] }, ['openai', 'workers-ai']],
    ['a temperature of 1', { temperature: 1 }, ALL],
    ['a temperature of 1.5', { temperature: 1.5 }, ['openai', 'gemini', 'workers-ai']],
    ['four stop sequences', stops(4), ['openai', 'anthropic', 'gemini']],
    ['five stop sequences', stops(5), ['anthropic', 'gemini']],
    ['six stop sequences', stops(6), ['anthropic']],
    ['a picture', data('image/webp'), ALL],
    ['a picture that moves', data('image/gif'), ['openai', 'anthropic', 'workers-ai']],
    ['a picture by its address', image({ kind: 'url', url: 'https://a.test/b' }), ALL],
    [
      'a picture by an address that is not safe',
      image({ kind: 'url', url: 'http://a.test/b' }),
      ['openai', 'anthropic', 'workers-ai'],
    ],
    ['tools', { tools: [tool('f')], parallelTools: true }, ALL],
    ['one tool at a time', { tools: [tool('f')], parallelTools: false }, ['openai', 'anthropic']],
    [
      'one tool at a time, and none at all',
      { tools: [tool('f')], parallelTools: false, toolChoice: { kind: 'none' } },
      ALL,
    ],
    ['a tool with a number for a name', { tools: [tool('1st')] }, ['openai', 'anthropic', 'workers-ai']],
    [
      'the call of a tool that is not there',
      { tools: [tool('f')], toolChoice: { kind: 'tool', name: 'g' } },
      ['openai', 'anthropic', 'gemini'],
    ],
    ['the result of a tool', result({ kind: 'text', text: 'done' }), ALL],
    ['a picture as the result of a tool', result(PICTURE), ['anthropic']],
    [
      'the result of a tool that nobody called',
      { messages: result().messages?.slice(1) ?? [] },
      ['openai', 'anthropic', 'workers-ai'],
    ],
  ])('goes with %s to those that have words for it', (_, asked, able) => {
    const sayers = READERS.filter(
      ({ wire }) => wire.unsayable({ ...PLAIN, ...asked }, MODEL, true).length === 0,
    )
    expect(sayers.map(({ wire }) => wire.name)).toEqual(able)
  })

  it('asks Workers AI for an answer by a schema only where nothing is streamed', () => {
    const asked = { ...PLAIN, jsonSchema: { name: 'answer', schema: {} } }
    expect(workersAiWire.unsayable(asked, MODEL, false)).toEqual([])
    expect(workersAiWire.unsayable(asked, MODEL, true)).toHaveLength(1)
  })

  it('shows no address to a Gemini model that fetches nothing', () => {
    const asked = { ...PLAIN, ...image({ kind: 'url', url: 'https://a.test/b.png' }) }
    for (const [model, words] of [
      ['gemini-2.0-flash', 1],
      ['gemini-1.5-pro', 1],
      ['gemini-2.5-flash', 0],
      ['gemini-3-pro', 0],
    ] as const) {
      expect(geminiWire.unsayable(asked, { ...MODEL, model }, false)).toHaveLength(words)
    }
    expect(geminiWire.encodeRequest(asked, MODEL, false)).toMatchObject({
      contents: [{ parts: [{ fileData: { mimeType: 'image/png', fileUri: 'https://a.test/b.png' } }] }],
    })
  })

  it('tells Gemini that a tool has failed, and signs the first call of each turn as unsigned', () => {
    const call = (id: string): Content => ({ kind: 'tool-use', id, name: 'f', input: {} })
    const asked: Conversation = {
      ...PLAIN,
      messages: [
        { role: 'assistant', content: [call('a'), call('b')] },
        {
          role: 'user',
          content: [
            {
              kind: 'tool-result',
              id: 'a',
              content: [{ kind: 'text', text: 'no such city' }],
              isError: true,
            },
          ],
        },
      ],
    }
    expect(geminiWire.encodeRequest(asked, MODEL, false)).toMatchObject({
      contents: [
        {
          role: 'model',
          parts: [
            { functionCall: { id: 'a' }, thoughtSignature: 'skip_thought_signature_validator' },
            expect.not.objectContaining({ thoughtSignature: expect.anything() as unknown }),
          ],
        },
        {
          role: 'user',
          parts: [{ functionResponse: { id: 'a', name: 'f', response: { error: 'no such city' } } }],
        },
      ],
    })
  })

  it('always says to Workers AI how much it may say: left to itself it stops early', () => {
    expect(workersAiWire.encodeRequest(PLAIN, MODEL, true)).toMatchObject({ max_tokens: 4_096, stream: true })
    expect(workersAiWire.encodeRequest({ ...PLAIN, maxTokens: 5 }, MODEL, false)).toMatchObject({
      max_tokens: 5,
    })
  })

  it('gives Workers AI no content that is null', () => {
    expect(
      JSON.stringify(workersAiWire.encodeRequest({ ...PLAIN, ...result() }, MODEL, false)),
    ).not.toContain('"content":null')
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

/** An unstreamed answer as a provider spells it. */
interface Speller {
  readonly name: string
  readonly wire: ProviderWire
  spell(answer: WholeAnswer): unknown
  /** What a reader can know of it: formats without ids, or without a reason for ending in calls, lose those. */
  kept(answer: WholeAnswer): unknown
}

const GEMINI_REASONS = {
  stop: 'STOP',
  'tool-calls': 'STOP',
  length: 'MAX_TOKENS',
  'content-filter': 'SAFETY',
}
const ANY_ID = expect.stringMatching(/^call_[\w-]{1,33}$/) as unknown as string

const impliedFinish = ({ finish, toolCalls }: WholeAnswer): WholeAnswer['finish'] => {
  if (finish !== 'stop' && finish !== 'tool-calls') return finish
  return toolCalls.length > 0 ? 'tool-calls' : 'stop'
}

const SPELLERS: readonly Speller[] = [
  {
    name: 'openai',
    wire: openAiWire,
    spell: (given) => openAiWire.encodeAnswer(given),
    kept: (given) => given,
  },
  {
    name: 'anthropic',
    wire: anthropicWire,
    spell: (given) => anthropicWire.encodeAnswer(given),
    kept: (given) => given,
  },
  {
    name: 'gemini',
    wire: geminiWire,
    spell: ({ id, model, reasoning, text: said, toolCalls, finish, usage: counted }) => ({
      candidates: [
        {
          content: {
            role: 'model',
            parts: [
              ...(reasoning === '' ? [] : [{ text: reasoning, thought: true }]),
              ...(said === '' ? [] : [{ text: said, thoughtSignature: 'AA==' }]),
              ...toolCalls.map((call) => ({
                functionCall: { id: call.id, name: call.name, args: JSON.parse(call.json) as unknown },
              })),
            ],
          },
          finishReason: GEMINI_REASONS[finish],
          index: 0,
        },
      ],
      usageMetadata: {
        promptTokenCount: counted?.inputTokens,
        cachedContentTokenCount: counted?.cachedInputTokens,
        candidatesTokenCount: Math.floor((counted?.outputTokens ?? 0) / 3),
        thoughtsTokenCount: Math.ceil(((counted?.outputTokens ?? 0) * 2) / 3),
        totalTokenCount: 1,
      },
      modelVersion: model,
      responseId: id,
    }),
    kept: (given) => ({ ...given, finish: impliedFinish(given) }),
  },
  {
    name: 'Workers AI in its own shape',
    wire: workersAiWire,
    spell: ({ text: said, toolCalls, usage: counted }) => ({
      response: said,
      ...(toolCalls.length === 0
        ? {}
        : {
            tool_calls: toolCalls.map((call) => ({
              name: call.name,
              arguments: JSON.parse(call.json) as unknown,
            })),
          }),
      usage: {
        prompt_tokens: counted?.inputTokens,
        completion_tokens: counted?.outputTokens,
        prompt_tokens_details: { cached_tokens: counted?.cachedInputTokens },
      },
    }),
    kept: (given) => ({
      ...given,
      id: '',
      model: '',
      reasoning: '',
      toolCalls: given.toolCalls.map((call) => ({ ...call, id: ANY_ID })),
      finish: given.toolCalls.length > 0 ? 'tool-calls' : 'stop',
    }),
  },
  {
    name: "Workers AI in OpenAI's shape",
    wire: workersAiWire,
    spell: (given) => openAiWire.encodeAnswer(given),
    kept: (given) => given,
  },
]

/** What a caller reads: it comes over the network as JSON. */
const received = (caller: CallerWire & ProviderWire, given: WholeAnswer): unknown =>
  caller.parseAnswer(JSON.parse(JSON.stringify(caller.encodeAnswer(given))))

describe('an unstreamed answer on its way between formats', () => {
  it.each([openAiWire, anthropicWire])('means the same when $name has carried it', (wire) => {
    fc.assert(
      fc.property(answer, (given) => {
        const body: unknown = JSON.parse(JSON.stringify(wire.encodeAnswer(given)))
        expect(wire.parseAnswer(body)).toEqual({ ok: true, value: given })
      }),
    )
  })

  it.each(CALLERS.flatMap((caller) => SPELLERS.map((speller) => ({ caller, speller }))))(
    'means the same to a caller of $caller.name when $speller.name gave it',
    ({ caller, speller }) => {
      fc.assert(
        fc.property(answer, (given) => {
          const body: unknown = JSON.parse(JSON.stringify(speller.spell(given)))
          const read = speller.wire.parseAnswer(body, 100_000)
          if (!read.ok) throw new Error(read.failure.message)
          expect(received(caller, read.value)).toEqual({ ok: true, value: speller.kept(given) })
        }),
      )
    },
  )

  it('is cut off where Workers AI has said as much as it was asked for at most', () => {
    const body = { response: 'and then', usage: { prompt_tokens: 1, completion_tokens: 20 } }
    for (const [limit, finish] of [
      [20, 'length'],
      [21, 'stop'],
      [null, 'stop'],
    ] as const) {
      expect(workersAiWire.parseAnswer(body, limit)).toMatchObject({ ok: true, value: { finish } })
    }
  })

  it('is text where Workers AI answers by a schema, in an object', () => {
    expect(workersAiWire.parseAnswer({ response: { city: 'Paris' } })).toMatchObject({
      value: { text: '{"city":"Paris"}' },
    })
  })

  it.each<[string, ProviderWire, string]>([
    [
      'openai',
      openAiWire,
      '{"choices":[{"message":{"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{\\"n\\":12345678901234567890}"}}]},"finish_reason":"tool_calls"}]}',
    ],
    [
      'anthropic',
      anthropicWire,
      '{"type":"message","content":[{"type":"tool_use","id":"c","name":"f","input":{"n":12345678901234567890}}],"stop_reason":"tool_use"}',
    ],
    [
      'gemini',
      geminiWire,
      '{"candidates":[{"content":{"parts":[{"functionCall":{"id":"c","name":"f","args":{"n":12345678901234567890}}}]},"finishReason":"STOP"}]}',
    ],
    ['workers-ai', workersAiWire, '{"tool_calls":[{"name":"f","arguments":{"n":12345678901234567890}}]}'],
  ])('keeps every digit of a long number that %s has written', (_, wire, text) => {
    const parsed = parseJson(text)
    const read = wire.parseAnswer(parsed.ok ? parsed.value : null)
    if (!read.ok) throw new Error(read.failure.message)
    for (const caller of CALLERS) {
      expect(JSON.stringify(caller.encodeAnswer(read.value))).toMatch(/n\\?":12345678901234567890}/)
    }
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
