import { MessageStream } from '@anthropic-ai/sdk/lib/MessageStream'
import * as fc from 'fast-check'
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream'
import { describe, expect, it } from 'vitest'
import type { Failure } from '@paceline/core'
import { anthropicWire } from './anthropic/wire.ts'
import type { ChatRequest, FinishReason, Usage } from './conversation.ts'
import { geminiWire } from './gemini/wire.ts'
import { openAiWire } from './openai/wire.ts'
import { isOutput, type Part, type RawEvent, type StreamEvent } from './part.ts'
import { SseReader, writeEvent } from './sse.ts'
import type { Account, ProviderWire, Wire } from './wire.ts'
import { workersAiWire } from './workers-ai/wire.ts'

const ACCOUNT: Account = { call: 'c1', provider: 'p', model: 'm', attempts: 2, answer: 'complete' }
const FAILURE: Failure = { kind: 'truncated', phase: 'stream', message: 'The answer ended too soon.' }
const WIRES = [openAiWire, anthropicWire] as const

function requestOf(wire: Wire, fields: object = {}): ChatRequest {
  const body = {
    model: 'm',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'x' }],
    stream: true,
    ...fields,
  }
  const parsed = wire.parseRequest(body)
  if (!parsed.ok) throw new Error(parsed.bad.message)
  return parsed.value
}
const WITH_USAGE = { stream_options: { include_usage: true } }

/** A run of words, of thoughts, or one tool call with its input in pieces. */
type Block =
  | { readonly kind: 'text' | 'reasoning'; readonly pieces: readonly string[] }
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly pieces: readonly string[] }

interface Script {
  readonly id: string
  readonly model: string
  readonly blocks: readonly Block[]
  readonly usage: Usage | null
  readonly finish: FinishReason
}

const name = fc.stringMatching(/^[a-z]{1,6}$/)
const piece = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
const jsonPieces = fc
  .tuple(
    fc.dictionary(name, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3, noNullPrototype: true }),
    fc.integer({ min: 1, max: 7 }),
  )
  .map(([value, size]) => JSON.stringify(value).match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [])

const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('text', 'reasoning'),
    pieces: fc.array(piece, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('call' as const),
    id: name,
    name,
    pieces: fc.oneof(jsonPieces, fc.constant([])),
  }),
)
/** Cached input is part of the input. */
const countCached = (counted: { fresh: number; cachedInputTokens: number; outputTokens: number }): Usage => ({
  inputTokens: counted.fresh + counted.cachedInputTokens,
  cachedInputTokens: counted.cachedInputTokens,
  outputTokens: counted.outputTokens,
})

const usage = fc
  .record({
    fresh: fc.integer({ min: 1, max: 999 }),
    cachedInputTokens: fc.nat(999),
    outputTokens: fc.nat(999),
  })
  .map(countCached)
const script: fc.Arbitrary<Script> = fc.record({
  id: name,
  model: name,
  blocks: fc.array(block, { maxLength: 5 }),
  usage: fc.option(usage),
  finish: fc.constantFrom('stop', 'length', 'tool-calls', 'content-filter'),
})

function partsOf({ id, model, blocks, usage: counted, finish }: Script): Part[] {
  let calls = 0
  const said = blocks.flatMap((one): Part[] => {
    if (one.kind !== 'call') return one.pieces.map((text) => ({ kind: one.kind, text }) as const)
    const index = calls
    calls += 1
    return [
      { kind: 'tool-call', index, id: one.id, name: one.name },
      ...one.pieces.map((json) => ({ kind: 'tool-input', index, json }) as const),
    ]
  })
  return [
    { kind: 'start', id, model },
    ...said,
    ...(counted === null ? [] : [{ kind: 'usage', usage: counted } as const]),
    { kind: 'finish', reason: finish },
    { kind: 'done' },
  ]
}

/** What a stream says, however it was cut into parts. */
function meaningOf(parts: readonly Part[]): object {
  const blocks: { kind: string; id?: string; name?: string; text: string }[] = []
  const calls = new Map<number, { text: string }>()
  let start: Part | null = null
  let counted: Usage | null = null
  const finishes: FinishReason[] = []
  for (const part of parts) {
    const last = blocks.at(-1)
    if (part.kind === 'text' || part.kind === 'reasoning') {
      if (last?.kind === part.kind) last.text += part.text
      else blocks.push({ kind: part.kind, text: part.text })
    } else if (part.kind === 'tool-call') {
      const call = { kind: 'call', id: part.id, name: part.name, text: '' }
      calls.set(part.index, call)
      blocks.push(call)
    } else if (part.kind === 'tool-input') {
      const call = calls.get(part.index)
      if (call === undefined) throw new Error('input without a call')
      call.text += part.json
    } else if (part.kind === 'start') start = part
    else if (part.kind === 'usage') counted = part.usage
    else if (part.kind === 'finish') finishes.push(part.reason)
    else if (part.kind === 'error') throw new Error(part.failure.message)
  }
  return { start, blocks, usage: counted, finishes }
}

function readSse(text: string): RawEvent[] {
  const events = new SseReader(1_000_000).push(text)
  if (events === 'too-long') throw new Error('too long')
  return events
}

const decodeAll = (wire: ProviderWire, events: readonly RawEvent[]): StreamEvent[] => {
  const decoder = wire.streamDecoder(1)
  return events.map((raw) => ({ raw, parts: decoder.decode(raw) }))
}

/** A stream as the gateway writes it for a provider of another format. */
function write(wire: Wire, parts: readonly Part[], request = requestOf(wire, WITH_USAGE)): string {
  const encoder = wire.streamEncoder(request)
  const text = parts.map((part) => encoder.encode({ raw: null, parts: [part] })).join('')
  return text + encoder.complete(ACCOUNT)
}

const dataOf = (events: readonly RawEvent[]): Record<string, unknown>[] =>
  events
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }) => JSON.parse(data) as Record<string, unknown>)

/** The chunks as the official clients' accumulators take them: one JSON document in each line. */
function asLines(text: string): ReadableStream {
  const lines = dataOf(readSse(text)).map((chunk) => `${JSON.stringify(chunk)}\n`)
  return new Response(lines.join('')).body as ReadableStream
}

describe('a stream written for a caller of another format', () => {
  it.each(WIRES)('says in $name what the provider said', (wire) => {
    fc.assert(
      fc.property(script, (given) => {
        const parts = partsOf(given)
        const read = decodeAll(wire, readSse(write(wire, parts))).flatMap((event) => event.parts)
        const expected = { ...meaningOf(parts) } as { usage: Usage | null }
        // Messages always counts, if only to zero.
        if (wire === anthropicWire)
          expected.usage ??= { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0 }
        expect(meaningOf(read)).toEqual(expected)
        expect(read.at(-1)).toEqual({ kind: 'done' })
      }),
    )
  })

  it.each([
    [openAiWire, anthropicWire],
    [anthropicWire, openAiWire],
  ])('says the same when a $name provider was read for the other format', (provider, caller) => {
    fc.assert(
      fc.property(script, (given) => {
        const parts = partsOf({
          ...given,
          usage: given.usage ?? { inputTokens: 1, outputTokens: 1, cachedInputTokens: 0 },
        })
        const first = decodeAll(provider, readSse(write(provider, parts))).flatMap((event) => event.parts)
        const second = decodeAll(caller, readSse(write(caller, first))).flatMap((event) => event.parts)
        expect(meaningOf(second)).toEqual(meaningOf(parts))
      }),
    )
  })

  it.each(WIRES)('closes in $name with the account in its last chunk, and in no other', (wire) => {
    fc.assert(
      fc.property(script, (given) => {
        const chunks = dataOf(readSse(write(wire, partsOf(given))))
        expect(chunks.at(-1)?.['paceline']).toEqual(ACCOUNT)
        expect(chunks.slice(0, -1).some((chunk) => 'paceline' in chunk)).toBe(false)
      }),
      { numRuns: 50 },
    )
  })

  it('counts tokens for an OpenAI caller only where it asked for them', () => {
    const parts = partsOf({
      id: 'a',
      model: 'm',
      blocks: [],
      usage: { inputTokens: 3, outputTokens: 2, cachedInputTokens: 1 },
      finish: 'stop',
    })
    expect(write(openAiWire, parts, requestOf(openAiWire))).not.toContain('total_tokens')
    expect(write(openAiWire, parts)).toContain('"total_tokens":5')
  })

  it('gives every OpenAI chunk the id, the model and the kind of its stream', () => {
    fc.assert(
      fc.property(script, (given) => {
        for (const chunk of dataOf(readSse(write(openAiWire, partsOf(given))))) {
          expect(chunk).toMatchObject({ id: given.id, model: given.model, object: 'chat.completion.chunk' })
        }
      }),
      { numRuns: 50 },
    )
  })

  it('gives an OpenAI stream an id where the provider had none: the client counts no tokens without', async () => {
    const usage = { inputTokens: 3, outputTokens: 2, cachedInputTokens: 1 }
    const parts = partsOf({ id: '', model: 'm', blocks: [], usage, finish: 'stop' })
    const text = write(openAiWire, parts)
    const ids = new Set(dataOf(readSse(text)).map((chunk) => chunk['id']))
    expect([...ids]).toEqual([expect.stringMatching(/^chatcmpl-./)])
    const stream = ChatCompletionStream.fromReadableStream(asLines(text) as never)
    expect((await stream.finalChatCompletion()).usage?.prompt_tokens).toBe(3)
  })

  it('opens and closes one Anthropic block at a time, numbered from zero', () => {
    fc.assert(
      fc.property(script, (given) => {
        const events = dataOf(readSse(write(anthropicWire, partsOf(given))))
        const trace = events
          .filter((event) => 'index' in event)
          .map((event) => `${String(event['type'])} ${String(event['index'])};`)
          .join('')
        expect(trace).toMatch(
          /^(content_block_start (\d+);(content_block_delta \2;)*content_block_stop \2;)*$/,
        )
        const starts = [...trace.matchAll(/start (\d+)/g)].map(([, index]) => Number(index))
        expect(starts).toEqual([...starts.keys()])
      }),
    )
  })

  it('is taken by the official OpenAI client', async () => {
    await fc.assert(
      fc.asyncProperty(script, async (given) => {
        // The client takes no cut-off answer and no blocked one for a message.
        const parts = partsOf({ ...given, finish: 'stop' })
        const stream = ChatCompletionStream.fromReadableStream(asLines(write(openAiWire, parts)) as never)
        const { choices, usage: counted } = await stream.finalChatCompletion()
        const [choice] = choices
        const said = given.blocks.flatMap((one) => (one.kind === 'text' ? one.pieces : [])).join('')
        expect(choice?.message.content ?? '').toBe(said)
        expect(choice?.finish_reason).toBe('stop')
        expect(
          (choice?.message.tool_calls ?? []).map((call) =>
            call.type === 'function' ? [call.id, call.function.name, call.function.arguments] : null,
          ),
        ).toEqual(
          given.blocks.flatMap((one) =>
            one.kind === 'call' ? [[one.id, one.name, one.pieces.join('')]] : [],
          ),
        )
        expect(counted?.prompt_tokens).toBe(given.usage?.inputTokens)
      }),
      { numRuns: 50 },
    )
  })

  it('is taken by the official Anthropic client', async () => {
    await fc.assert(
      fc.asyncProperty(script, async (given) => {
        const stream = MessageStream.fromReadableStream(
          asLines(write(anthropicWire, partsOf(given))) as never,
        )
        const message = await stream.finalMessage()
        const said = given.blocks.flatMap((one) => (one.kind === 'text' ? one.pieces : [])).join('')
        expect(message.content.map((one) => (one.type === 'text' ? one.text : '')).join('')).toBe(said)
        expect(
          message.content.flatMap((one) => (one.type === 'tool_use' ? [[one.id, one.name, one.input]] : [])),
        ).toEqual(
          given.blocks.flatMap((one) =>
            one.kind === 'call'
              ? [[one.id, one.name, JSON.parse(one.pieces.join('') || '{}') as unknown]]
              : [],
          ),
        )
        expect(message.stop_reason).not.toBeNull()
        expect(message.usage.output_tokens).toBe(given.usage?.outputTokens ?? 0)
        expect(message.usage.input_tokens).toBe(
          (given.usage?.inputTokens ?? 0) - (given.usage?.cachedInputTokens ?? 0),
        )
      }),
      { numRuns: 50 },
    )
  })
})

/** A stream as a provider spells it, after the provider's own documents. */
interface Speller {
  readonly name: string
  readonly wire: ProviderWire
  spell(given: Script): readonly RawEvent[]
  /** What a reader can know of it. */
  kept(given: Script): Script
}

const GEMINI_REASONS = {
  stop: 'STOP',
  'tool-calls': 'STOP',
  length: 'MAX_TOKENS',
  'content-filter': 'SAFETY',
}
const dataEvent = (data: unknown): RawEvent => ({ event: '', data: JSON.stringify(data) })
const DONE_EVENT: RawEvent = { event: '', data: '[DONE]' }
const callsOf = ({ blocks }: Script): Block[] => blocks.filter(({ kind }) => kind === 'call')
/** The arguments of calls come as objects, so that a call without any has an empty one. */
const withObjects = (given: Script): Script => ({
  ...given,
  blocks: given.blocks.map((one) =>
    one.kind === 'call' && one.pieces.length === 0 ? { ...one, pieces: ['{}'] } : one,
  ),
})
const impliedFinish = (given: Script): FinishReason => {
  if (given.finish !== 'stop' && given.finish !== 'tool-calls') return given.finish
  return callsOf(given).length > 0 ? 'tool-calls' : 'stop'
}
const argsOf = (one: Block): unknown => JSON.parse(one.pieces.join('') || '{}')

function spellGemini({ id, model, blocks, usage: counted, finish }: Script): RawEvent[] {
  const event = (parts: readonly object[], more: object = {}): RawEvent =>
    dataEvent({
      candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
      // Every event counts, and the last one counts all.
      ...(counted === null
        ? {}
        : {
            usageMetadata: {
              promptTokenCount: counted.inputTokens,
              cachedContentTokenCount: counted.cachedInputTokens,
              candidatesTokenCount: 'finishReason' in more ? counted.outputTokens : 0,
            },
          }),
      modelVersion: model,
      responseId: id,
    })
  const said = blocks.flatMap((one) =>
    one.kind === 'call'
      ? [
          event([
            { functionCall: { id: one.id, name: one.name, args: argsOf(one) }, thoughtSignature: 'AA==' },
          ]),
        ]
      : one.pieces.map((text) => event([one.kind === 'text' ? { text } : { text, thought: true }])),
  )
  return [...said, event([{ text: '' }], { finishReason: GEMINI_REASONS[finish] })]
}

const SPELLERS: readonly Speller[] = [
  ...WIRES.map((wire) => ({
    name: wire.name,
    wire,
    spell: (given: Script) => readSse(write(wire, partsOf(given))),
    kept: (given: Script) => given,
  })),
  {
    name: 'gemini',
    wire: geminiWire,
    spell: spellGemini,
    kept: (given) => ({ ...withObjects(given), finish: impliedFinish(given) }),
  },
  {
    name: 'Workers AI in its own shape',
    wire: workersAiWire,
    spell: ({ blocks, usage: counted }) => [
      ...blocks.flatMap((one) =>
        one.kind === 'call'
          ? [dataEvent({ response: null, tool_calls: [{ name: one.name, arguments: argsOf(one) }] })]
          : one.pieces.map((response) => dataEvent({ response, p: 'abc' })),
      ),
      dataEvent({
        response: '',
        ...(counted === null
          ? {}
          : {
              usage: {
                prompt_tokens: counted.inputTokens,
                completion_tokens: counted.outputTokens,
                prompt_tokens_details: { cached_tokens: counted.cachedInputTokens },
              },
            }),
      }),
      DONE_EVENT,
    ],
    kept: (given) => ({
      ...withObjects(given),
      id: '',
      model: '',
      finish: callsOf(given).length > 0 ? 'tool-calls' : 'stop',
    }),
  },
  {
    name: "Workers AI in OpenAI's shape",
    wire: workersAiWire,
    spell: (given) => readSse(write(openAiWire, partsOf(given))),
    kept: (given) => given,
  },
]

/** Meaning apart from ids, which the gateway makes up where a provider gives none. */
function withoutIds(meaning: object): unknown {
  return JSON.parse(JSON.stringify(meaning, (key, value: unknown) => (key === 'id' ? undefined : value)))
}

describe('a stream of every provider to every caller', () => {
  /** Its own shape has no place for thoughts. */
  const sayable = (name: string, given: Script): Script =>
    name === 'Workers AI in its own shape'
      ? { ...given, blocks: given.blocks.filter(({ kind }) => kind !== 'reasoning') }
      : given

  it.each(WIRES.flatMap((caller) => SPELLERS.map((speller) => ({ caller, speller }))))(
    'says to a caller of $caller.name what $speller.name said',
    ({ caller, speller }) => {
      fc.assert(
        fc.property(script, usage, (drawn, counted) => {
          const given = sayable(speller.name, { ...drawn, usage: drawn.usage ?? counted })
          const read = decodeAll(speller.wire, speller.spell(given)).flatMap((event) => event.parts)
          const told = decodeAll(caller, readSse(write(caller, read))).flatMap((event) => event.parts)
          const kept = speller.kept(given)
          const meaning = (parts: readonly Part[]): unknown =>
            kept.id === '' ? withoutIds(meaningOf(parts)) : meaningOf(parts)
          expect(meaning(told)).toEqual(meaning(partsOf(kept)))
          expect(told.at(-1)).toEqual({ kind: 'done' })
        }),
      )
    },
  )

  it.each(SPELLERS)('of $name is taken by both official clients', async (speller) => {
    await fc.assert(
      fc.asyncProperty(script, usage, async (drawn, counted) => {
        const given = sayable(speller.name, { ...drawn, usage: counted, finish: 'stop' })
        const read = decodeAll(speller.wire, speller.spell(given)).flatMap((event) => event.parts)
        const said = given.blocks.flatMap((one) => (one.kind === 'text' ? one.pieces : [])).join('')
        const calls = given.blocks.flatMap((one) => (one.kind === 'call' ? [[one.name, argsOf(one)]] : []))

        const chunks = ChatCompletionStream.fromReadableStream(asLines(write(openAiWire, read)) as never)
        const { choices, usage: openAiUsage } = await chunks.finalChatCompletion()
        const [choice] = choices
        expect(choice?.message.content ?? '').toBe(said)
        expect(
          (choice?.message.tool_calls ?? []).map((call) =>
            call.type === 'function'
              ? [call.function.name, JSON.parse(call.function.arguments || '{}') as unknown]
              : null,
          ),
        ).toEqual(calls)
        expect(openAiUsage).toMatchObject({
          prompt_tokens: counted.inputTokens,
          completion_tokens: counted.outputTokens,
          prompt_tokens_details: { cached_tokens: counted.cachedInputTokens },
        })

        const events = MessageStream.fromReadableStream(asLines(write(anthropicWire, read)) as never)
        const message = await events.finalMessage()
        expect(message.content.map((one) => (one.type === 'text' ? one.text : '')).join('')).toBe(said)
        expect(
          message.content.flatMap((one) => (one.type === 'tool_use' ? [[one.name, one.input]] : [])),
        ).toEqual(calls)
        expect(message.usage).toMatchObject({
          input_tokens: counted.inputTokens - counted.cachedInputTokens,
          cache_read_input_tokens: counted.cachedInputTokens,
          output_tokens: counted.outputTokens,
        })
      }),
      { numRuns: 30 },
    )
  })

  it.each(SPELLERS)('of $name that was cut off anywhere before its end has no end', (speller) => {
    fc.assert(
      fc.property(script, fc.nat(), (drawn, at) => {
        const given = sayable(speller.name, drawn)
        const events = speller.spell(given)
        const read = decodeAll(speller.wire, events)
        const finish = read.findIndex(({ parts }) => parts.some((part) => part.kind === 'finish'))
        expect(finish).toBeGreaterThanOrEqual(0)
        const cut = decodeAll(speller.wire, events.slice(0, at % (finish + 1)))
        expect(cut.flatMap((event) => event.parts.map(({ kind }) => kind))).not.toContain('finish')
      }),
      { numRuns: 50 },
    )
  })
})

describe('a stream passed on in its own format', () => {
  it.each(WIRES)('keeps every $name event and adds the account to the last', (wire) => {
    fc.assert(
      fc.property(script, (given) => {
        const sent = readSse(write(wire, partsOf(given))).map((raw) => stripAccount(raw))
        const encoder = wire.streamEncoder(requestOf(wire))
        const text = decodeAll(wire, sent)
          .map((event) => encoder.encode(event))
          .join('')
        const passed = readSse(text + encoder.complete(ACCOUNT))
        expect(passed.map((raw) => stripAccount(raw))).toEqual(sent)
        expect(dataOf(passed).map((chunk) => chunk['paceline'])).toEqual([
          ...Array.from({ length: dataOf(passed).length - 1 }, () => undefined),
          ACCOUNT,
        ])
      }),
    )
  })

  it.each(WIRES)('lets $name events pass as soon as they come, up to the finish marker', (wire) => {
    fc.assert(
      fc.property(script, (given) => {
        const encoder = wire.streamEncoder(requestOf(wire))
        for (const event of decodeAll(wire, readSse(write(wire, partsOf(given))))) {
          if (event.parts.some((part) => part.kind === 'finish' || part.kind === 'done')) break
          expect(encoder.encode(event)).toBe(event.raw === null ? '' : writeEvent(event.raw))
        }
      }),
      { numRuns: 50 },
    )
  })

  it('passes what it does not understand', () => {
    const odd = { event: 'x-odd', data: '{"type":"x-odd","more":1}' }
    const ping = { event: 'ping', data: '{"type":"ping"}' }
    const encoder = anthropicWire.streamEncoder(requestOf(anthropicWire))
    for (const event of decodeAll(anthropicWire, [odd, ping])) {
      expect(event.raw).not.toBeNull()
      expect(encoder.encode(event)).toBe(event.raw === null ? '' : writeEvent(event.raw))
    }
    const chunk = { event: '', data: '{"id":"a","odd":true,"choices":[{"index":0,"delta":{"odd":[1]}}]}' }
    const [event] = decodeAll(openAiWire, [chunk])
    expect(event && openAiWire.streamEncoder(requestOf(openAiWire)).encode(event)).toBe(writeEvent(chunk))
  })

  it('adds the account to the chunk with the token counts, wherever the provider puts it', () => {
    const finish = { event: '', data: '{"id":"a","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}' }
    const counts = {
      event: '',
      data: '{"id":"a","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}',
    }
    for (const events of [[finish], [finish, counts]]) {
      const encoder = openAiWire.streamEncoder(requestOf(openAiWire))
      const text = decodeAll(openAiWire, events)
        .map((event) => encoder.encode(event))
        .join('')
      const chunks = dataOf(readSse(text + encoder.complete(ACCOUNT)))
      expect(chunks).toHaveLength(events.length)
      expect(chunks.at(-1)).toEqual({
        ...(JSON.parse(events.at(-1)?.data ?? '') as object),
        paceline: ACCOUNT,
      })
    }
  })
})

describe('a stream with a finish marker on every chunk', () => {
  const chunkOf = (content: string): RawEvent => ({
    event: '',
    data: JSON.stringify({ id: 'a', choices: [{ index: 0, delta: { content }, finish_reason: 'stop' }] }),
  })
  const COUNTS = { event: '', data: '{"id":"a","choices":[],"usage":{"prompt_tokens":1}}' }
  const DONE = { event: '', data: '[DONE]' }

  it('lets what it held pass as soon as words follow, each chunk once and in its order', () => {
    const encoder = openAiWire.streamEncoder(requestOf(openAiWire))
    const sent = [chunkOf('a'), COUNTS, chunkOf('b'), chunkOf('c'), COUNTS, DONE]
    const texts = decodeAll(openAiWire, sent).map((event) => encoder.encode(event))
    expect(texts.map((text) => readSse(text))).toEqual([
      [],
      [],
      [chunkOf('a'), COUNTS],
      [chunkOf('b')],
      [],
      [],
    ])
    const passed = readSse(texts.join('') + encoder.complete(ACCOUNT))
    expect(passed.map((raw) => stripAccount(raw))).toEqual(sent)
    expect(dataOf(passed).map((chunk) => chunk['paceline'])).toEqual([
      ...Array.from({ length: 4 }, () => undefined),
      ACCOUNT,
    ])
  })

  it('holds no more than a stream can mean when the end does not come', () => {
    const encoder = openAiWire.streamEncoder(requestOf(openAiWire))
    const flood = [chunkOf('a'), ...Array.from({ length: 5_000 }, () => COUNTS)]
    for (const event of decodeAll(openAiWire, flood)) encoder.encode(event)
    const passed = readSse(encoder.complete(ACCOUNT))
    expect(passed.map((raw) => stripAccount(raw)).slice(0, 2)).toEqual([chunkOf('a'), COUNTS])
    expect(passed.length).toBeLessThan(1_100)
  })

  it('lets what it held pass before plain words, too', () => {
    const encoder = openAiWire.streamEncoder(requestOf(openAiWire))
    const plain = { event: '', data: '{"id":"a","choices":[{"index":0,"delta":{"content":"b"}}]}' }
    const texts = decodeAll(openAiWire, [chunkOf('a'), plain]).map((event) => encoder.encode(event))
    expect(readSse(texts.join(''))).toEqual([chunkOf('a'), plain])
  })

  it.each(WIRES)('is written in $name with one finish marker, at its end', (wire) => {
    const parts = decodeAll(openAiWire, [chunkOf('a'), chunkOf('b'), DONE]).flatMap((event) => event.parts)
    const read = decodeAll(wire, readSse(write(wire, parts))).flatMap((event) => event.parts)
    expect(meaningOf(read)).toMatchObject({ blocks: [{ text: 'ab' }], finishes: ['stop'] })
    expect(read.at(-1)).toEqual({ kind: 'done' })
  })
})

const stripAccount = (raw: RawEvent): RawEvent => {
  if (raw.data === '[DONE]') return raw
  const { paceline: _, ...rest } = JSON.parse(raw.data) as Record<string, unknown>
  return { event: raw.event, data: JSON.stringify(rest) }
}

describe('a stream that breaks off', () => {
  it.each(WIRES.flatMap((wire) => [true, false].map((verbatim) => ({ wire, verbatim }))))(
    'ends in $wire.name without anything that could pass for an end (verbatim: $verbatim)',
    ({ wire, verbatim }) => {
      fc.assert(
        fc.property(script, fc.nat(), (given, at) => {
          const events = decodeAll(wire, readSse(write(wire, partsOf(given))))
          const finish = events.findIndex((event) => event.parts.some((part) => part.kind === 'finish'))
          const encoder = wire.streamEncoder(requestOf(wire, WITH_USAGE))
          const text = events
            .slice(0, at % (finish + 1))
            .map((event) => encoder.encode(verbatim ? event : { ...event, raw: null }))
            .join('')
          const sent = readSse(text + encoder.incomplete(FAILURE, { ...ACCOUNT, answer: 'incomplete' }))
          const spelled = JSON.stringify(sent)
          expect(spelled).not.toContain('[DONE]')
          expect(spelled).not.toContain('message_stop')
          expect(spelled).not.toMatch(/(finish|stop)_reason\\":\\"/)
          expect(dataOf(sent).at(-1)).toMatchObject({
            error: { code: 'providers_failed' },
            paceline: { answer: 'incomplete' },
          })
          // To a reader of the format it is an error, and no end.
          const read = decodeAll(wire, sent).flatMap((event) => event.parts.map((part) => part.kind))
          expect(read.at(-1)).toBe('error')
          expect(read).not.toContain('finish')
          expect(read).not.toContain('done')
        }),
        { numRuns: 50 },
      )
    },
  )

  it('holds back the finish marker of an OpenAI stream until the stream has proven whole', () => {
    const encoder = openAiWire.streamEncoder(requestOf(openAiWire))
    const finish = { event: '', data: '{"id":"a","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}' }
    const text = decodeAll(openAiWire, [finish])
      .map((event) => encoder.encode(event))
      .join('')
    expect(text + encoder.incomplete(FAILURE, ACCOUNT)).not.toContain('finish_reason')
  })

  it('keeps the words that came with a finish marker which turned out to be wrong', () => {
    const encoder = openAiWire.streamEncoder(requestOf(openAiWire))
    const data = '{"id":"a","choices":[{"index":0,"delta":{"content":"words"},"finish_reason":"stop"}]}'
    const held = decodeAll(openAiWire, [{ event: '', data }]).map((event) => encoder.encode(event))
    const end = encoder.incomplete(FAILURE, ACCOUNT)
    expect(held.join('')).toBe('')
    expect(end).toContain('"words"')
    expect(end).not.toContain('"stop"')
  })
})

describe('what a decoder makes of odd streams', () => {
  const openAi = (choices: number, ...chunks: readonly (object | string)[]): Part[] => {
    const decoder = openAiWire.streamDecoder(choices)
    return chunks.flatMap((chunk) =>
      decoder.decode({ event: '', data: typeof chunk === 'string' ? chunk : JSON.stringify(chunk) }),
    )
  }
  const anthropic = (...events: readonly object[]): Part[] => {
    const decoder = anthropicWire.streamDecoder(1)
    return events.flatMap((event) => decoder.decode({ event: '', data: JSON.stringify(event) }))
  }
  const delta = (fields: object, more: object = {}): object => ({
    choices: [{ index: 0, delta: fields, ...more }],
  })
  const kinds = (parts: readonly Part[]): string[] => parts.map((part) => part.kind)

  it.each(['{', '', '5', 'null', '[]', '{"choices":5}', '{"choices":[{"delta":{"content":5}}]}'])(
    'calls %j from an OpenAI provider malformed',
    (data) => {
      expect(openAi(1, data)).toMatchObject([{ kind: 'error', failure: { kind: 'malformed' } }])
    },
  )

  it.each(['{', '', '5', 'null', '[]', '{"delta":{"text":5},"type":"content_block_delta"}'])(
    'calls %j from an Anthropic provider malformed',
    (data) => {
      const parts = anthropicWire.streamDecoder(1).decode({ event: '', data })
      expect(parts).toMatchObject([{ kind: 'error', failure: { kind: 'malformed' } }])
    },
  )

  it('reads an error in band, whatever came before it', () => {
    expect(openAi(1, { error: { message: 'busy', type: 'server_error' } })).toMatchObject([
      { kind: 'error', failure: { kind: 'server-error', message: 'busy' } },
    ])
    expect(openAi(1, delta({ content: 'a' }), { error: 'broken' }).at(-1)).toMatchObject({ kind: 'error' })
    expect(anthropic({ type: 'error', error: { type: 'overloaded_error', message: 'busy' } })).toMatchObject([
      { kind: 'error', failure: { kind: 'overloaded', message: 'busy' } },
    ])
  })

  it('takes roles, pings and empty words for no output', () => {
    expect(kinds(openAi(1, delta({ role: 'assistant', content: '' }), delta({ content: null })))).toEqual([
      'start',
    ])
    expect(
      kinds(
        anthropic(
          { type: 'ping' },
          { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        ),
      ),
    ).toEqual([])
  })

  it('reads token counts from a chunk of their own and from the last one', () => {
    const counts = { usage: { prompt_tokens: 3, completion_tokens: 2 } }
    expect(kinds(openAi(1, delta({}, { finish_reason: 'stop' }), { choices: [], ...counts }))).toEqual([
      'start',
      'finish',
      'usage',
    ])
    expect(kinds(openAi(1, { ...delta({}, { finish_reason: 'stop' }), ...counts }))).toEqual([
      'start',
      'finish',
      'usage',
    ])
  })

  it('takes input tokens from the start of an Anthropic stream when its end repeats none', () => {
    const parts = anthropic(
      {
        type: 'message_start',
        message: {
          id: 'a',
          model: 'm',
          usage: { input_tokens: 7, cache_read_input_tokens: 3, output_tokens: 1 },
        },
      },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
    )
    expect(parts).toContainEqual({
      kind: 'usage',
      usage: { inputTokens: 10, cachedInputTokens: 3, outputTokens: 9 },
    })
  })

  it('is finished when every answer that was asked for is', () => {
    const ends = [0, 1].map((index) => ({ choices: [{ index, delta: {}, finish_reason: 'stop' }] }))
    expect(kinds(openAi(2, ...ends.slice(0, 1)))).not.toContain('finish')
    expect(kinds(openAi(2, ...ends))).toContain('finish')
  })

  it('is finished once, even when a provider says it twice', () => {
    const end = delta({}, { finish_reason: 'stop' })
    expect(kinds(openAi(1, end, end)).filter((kind) => kind === 'finish')).toEqual(['finish'])
  })

  it.each<[string, FinishReason]>([
    ['stop', 'stop'],
    ['eos_token', 'stop'],
    ['length', 'length'],
    ['model_length', 'length'],
    ['max_tokens', 'length'],
    ['MAX_TOKENS', 'length'],
    ['tool_calls', 'tool-calls'],
    ['function_call', 'tool-calls'],
    ['content_filter', 'content-filter'],
    ['content_filter: PROHIBITED_CONTENT', 'content-filter'],
    ['SAFETY', 'content-filter'],
    ['RECITATION', 'content-filter'],
  ])('takes the finish reason %j for %j', (word, reason) => {
    expect(openAi(1, delta({}, { finish_reason: word })).at(-1)).toEqual({ kind: 'finish', reason })
  })

  it.each([
    'error',
    'network_error',
    'abort',
    'aborted',
    'cancelled',
    'interrupted',
    'insufficient_system_resource',
    'MALFORMED_FUNCTION_CALL',
  ])('takes the finish reason %j for a failure of the provider', (word) => {
    const parts = openAi(1, delta({ content: 'a' }), delta({}, { finish_reason: word }))
    expect(kinds(parts)).toEqual(['start', 'text', 'error'])
    expect(parts.at(-1)).toMatchObject({ failure: { kind: 'server-error', phase: 'stream' } })
  })

  it.each(['', null])('takes the finish reason %j for none', (word) => {
    expect(kinds(openAi(1, delta({ content: 'a' }, { finish_reason: word })))).toEqual(['start', 'text'])
  })

  it('is finished again after words that took a finish marker back', () => {
    const each = (content: string): object => delta({ content }, { finish_reason: 'stop' })
    expect(kinds(openAi(1, each('a'), each('b'), each('')))).toEqual([
      'start',
      'text',
      'finish',
      'text',
      'finish',
    ])
    expect(kinds(openAi(1, each('a'), delta({ content: 'b' }))).at(-1)).toBe('text')
  })

  it('takes no finish of one answer back for what another one says', () => {
    const both = (first: object, second: object): object => ({
      choices: [
        { index: 0, delta: {}, ...first },
        { index: 1, delta: {}, ...second },
      ],
    })
    const parts = openAi(
      2,
      both({ delta: { content: 'a' } }, { delta: { content: 'b' }, finish_reason: 'stop' }),
      both({ delta: { content: 'c' } }, {}),
      both({ finish_reason: 'length' }, {}),
    )
    expect(parts.at(-1)).toEqual({ kind: 'finish', reason: 'length' })
    const again = { choices: [{ index: 1, delta: { content: 'd' } }] }
    const taken = openAi(2, both({}, { finish_reason: 'stop' }), again, both({ finish_reason: 'stop' }, {}))
    expect(kinds(taken)).not.toContain('finish')
  })

  it('keeps the calls of several answers apart, though their indexes are the same', () => {
    const piece = (choice: number, call: object): object => ({
      choices: [{ index: choice, delta: { tool_calls: [{ index: 0, ...call }] } }],
    })
    const parts = openAi(
      2,
      piece(0, { id: 'f', function: { name: 'f', arguments: '{"a"' } }),
      piece(1, { id: 'g', function: { name: 'g', arguments: '{"b"' } }),
      piece(0, { function: { arguments: ':1}' } }),
      piece(1, { function: { arguments: ':2}' } }),
    )
    expect(meaningOf(parts)).toMatchObject({
      blocks: [
        { id: 'f', text: '{"a":1}' },
        { id: 'g', text: '{"b":2}' },
      ],
    })
  })

  it('is finished by [DONE] when fewer answers came than were asked for, and all of them are', () => {
    const end = delta({ content: 'a' }, { finish_reason: 'length' })
    expect(kinds(openAi(2, end))).not.toContain('finish')
    expect(openAi(2, end, '[DONE]').slice(-2)).toEqual([
      { kind: 'finish', reason: 'length' },
      { kind: 'done' },
    ])
    const other = { choices: [{ index: 1, delta: { content: 'b' } }] }
    expect(kinds(openAi(2, end, other, '[DONE]'))).not.toContain('finish')
    expect(kinds(openAi(2, '[DONE]'))).toEqual(['done'])
    expect(kinds(openAi(1, end, '[DONE]')).slice(-2)).toEqual(['finish', 'done'])
  })

  it('goes on with a call whose name is repeated with each piece of its input', () => {
    const piece = (id: string | null, called: string, json: string): object =>
      delta({ tool_calls: [{ index: 0, id, function: { name: called, arguments: json } }] })
    for (const id of ['c', null, '']) {
      const parts = openAi(1, piece('c', 'f', '{"a"'), piece(id, 'f', ':1'), piece(id, '', '}'))
      expect(meaningOf(parts)).toMatchObject({ blocks: [{ id: 'c', name: 'f', text: '{"a":1}' }] })
    }
    const two = openAi(1, piece('c', 'f', '{}'), piece('d', 'f', '{"b":2}'), piece('e', 'g', '{}'))
    expect((meaningOf(two) as { blocks: object[] }).blocks).toMatchObject([
      { id: 'c', name: 'f', text: '{}' },
      { id: 'd', name: 'f', text: '{"b":2}' },
      { id: 'e', name: 'g', text: '{}' },
    ])
  })

  it.each<[string, object]>([
    ['a call of the old kind', { function_call: { name: 'f', arguments: '' } }],
    ['audio', { audio: { data: 'AA==' } }],
  ])('takes %s from an OpenAI provider for output', (_, fields) => {
    const parts = openAi(1, delta(fields))
    expect(kinds(parts)).toEqual(['start', 'other'])
    expect(parts.map((part) => isOutput(part))).toEqual([false, true])
  })

  it.each<[string, object]>([
    [
      'a tool of the provider',
      {
        type: 'content_block_start',
        index: 1,
        content_block: { type: 'server_tool_use', id: 's', name: 'n' },
      },
    ],
    [
      'the input of a tool of the provider',
      {
        type: 'content_block_delta',
        index: 1,
        delta: { type: 'input_json_delta', partial_json: '{' },
      },
    ],
    [
      'a signature',
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 's' } },
    ],
    [
      'a citation',
      { type: 'content_block_delta', index: 0, delta: { type: 'citations_delta', citation: {} } },
    ],
    [
      'hidden thinking',
      { type: 'content_block_start', index: 0, content_block: { type: 'redacted_thinking', data: 'x' } },
    ],
  ])('takes %s from an Anthropic provider for output', (_, event) => {
    expect(anthropic(event)).toEqual([{ kind: 'other' }])
  })

  it.each(['text_delta', 'thinking_delta', 'input_json_delta'])('takes an empty %s for no output', (type) => {
    const event = { type: 'content_block_delta', index: 0, delta: { type, text: '', partial_json: '' } }
    expect(anthropic(event)).toEqual([])
  })

  it('reads content that comes as a list of pieces', () => {
    const thinking = { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }
    const parts = openAi(1, delta({ content: [thinking] }), delta({ content: [{ type: 'text', text: 'a' }] }))
    expect(parts.slice(1)).toEqual([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'text', text: 'a' },
    ])
    expect(kinds(openAi(1, delta({ content: [] })))).toEqual(['start'])
  })

  it('reads chunks whose ids, models, choices and counts are null', () => {
    const usage = {
      prompt_tokens: null,
      completion_tokens: 2,
      prompt_tokens_details: { cached_tokens: null },
    }
    expect(openAi(1, { id: null, model: null, choices: null, usage })).toEqual([
      { kind: 'start', id: '', model: '' },
      { kind: 'usage', usage: { inputTokens: 0, outputTokens: 2, cachedInputTokens: 0 } },
    ])
    expect(kinds(openAi(1, { choices: [{ index: 0, delta: null }], usage: null }))).toEqual(['start'])
  })

  it.each([{}, null, '', { message: '', type: null, code: null }])('takes the error %j for none', (error) => {
    expect(kinds(openAi(1, { error, ...delta({ content: 'a' }) }))).toEqual(['start', 'text'])
  })

  it('opens a call for each name, though every index says 0', () => {
    const calls = ['f', 'g'].map((called) =>
      delta({ tool_calls: [{ index: 0, id: called, function: { name: called, arguments: '{}' } }] }),
    )
    expect(meaningOf(openAi(1, ...calls))).toMatchObject({
      blocks: [
        { id: 'f', name: 'f', text: '{}' },
        { id: 'g', name: 'g', text: '{}' },
      ],
    })
  })

  it.each([undefined, null, ''])(
    'makes an id for a call that has the id %j, another in each answer',
    (id) => {
      const call = delta({ tool_calls: [{ index: 0, id, function: { name: 'f' } }] })
      const idOf = (...chunks: readonly object[]): unknown =>
        (meaningOf(openAi(1, ...chunks)) as { blocks: { id: string }[] }).blocks[0]?.id
      expect(idOf({ ...call, id: 'chatcmpl-9' })).toBe('call_chatcmpl-9_0')
      const made = [idOf(call), idOf(call)]
      expect(new Set(made).size).toBe(2)
      for (const one of made) expect(one).toMatch(/^call_[\w-]{1,35}$/)
    },
  )

  it('gives input that comes in turns to the call that its index names', () => {
    const input = (index: number, json: string): object =>
      delta({ tool_calls: [{ index, function: { arguments: json } }] })
    const open = (index: number, called: string): object =>
      delta({ tool_calls: [{ index, id: called, function: { name: called, arguments: '' } }] })
    const parts = openAi(
      1,
      open(0, 'f'),
      open(1, 'g'),
      input(0, '{"a":'),
      input(1, '{"b":'),
      input(0, '1}'),
      input(1, '2}'),
    )
    expect(meaningOf(parts)).toMatchObject({ blocks: [{ text: '{"a":1}' }, { text: '{"b":2}' }] })
  })

  it('gives input without an index to the call before it', () => {
    const parts = openAi(
      1,
      delta({ tool_calls: [{ id: 'f', function: { name: 'f' } }] }),
      delta({ tool_calls: [{ function: { arguments: '{}' } }] }),
    )
    expect(meaningOf(parts)).toMatchObject({ blocks: [{ name: 'f', text: '{}' }] })
  })

  it('calls input without any call malformed', () => {
    const parts = openAi(1, delta({ tool_calls: [{ index: 0, function: { arguments: '{}' } }] }))
    expect(parts.at(-1)).toMatchObject({ kind: 'error', failure: { kind: 'malformed' } })
  })

  it('reads a refusal beside empty content', () => {
    expect(openAi(1, delta({ content: '', refusal: 'I will not.' }))).toContainEqual({
      kind: 'text',
      text: 'I will not.',
    })
  })

  it('reads the input of an Anthropic call that comes whole with its start', () => {
    const parts = anthropic({
      type: 'content_block_start',
      index: 1,
      content_block: { type: 'tool_use', id: 'c', name: 'f', input: { a: 1 } },
    })
    expect(meaningOf(parts)).toMatchObject({ blocks: [{ name: 'f', text: '{"a":1}' }] })
  })
})

describe('tool input that comes in turns', () => {
  it('reaches each call whole in the Anthropic format, though its block is closed', () => {
    const parts: Part[] = [
      { kind: 'start', id: 'a', model: 'm' },
      { kind: 'tool-call', index: 0, id: 'f', name: 'f' },
      { kind: 'tool-call', index: 1, id: 'g', name: 'g' },
      { kind: 'tool-input', index: 0, json: '{"a":' },
      { kind: 'text', text: 'meanwhile' },
      { kind: 'tool-input', index: 1, json: '{"b":2}' },
      { kind: 'tool-input', index: 0, json: '1}' },
      { kind: 'finish', reason: 'tool-calls' },
    ]
    const read = decodeAll(anthropicWire, readSse(write(anthropicWire, parts))).flatMap(
      (event) => event.parts,
    )
    expect(meaningOf(read)).toMatchObject({
      blocks: [
        { name: 'f', text: '{"a":1}' },
        { name: 'g', text: '{"b":2}' },
        { kind: 'text', text: 'meanwhile' },
      ],
    })
  })
})
