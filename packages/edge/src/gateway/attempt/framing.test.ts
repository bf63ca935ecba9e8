import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anthropicWire } from '../wire/anthropic/wire.ts'
import { openAiWire } from '../wire/openai/wire.ts'
import { isOutput, type Part, type RawEvent } from '../wire/part.ts'
import type { Wire } from '../wire/wire.ts'
import { endHonestly } from './end-honestly.ts'
import { readEvents } from './read-events.ts'

/**
 * Every wire's decoder behind the reader, fed with whatever may come: what a plain and slow reading of the whole body
 * says is what must come out, however the bytes arrive. A new wire format is one line here.
 */
const WIRES: readonly { readonly wire: Wire; readonly events: readonly string[] }[] = [
  {
    wire: openAiWire,
    events: [
      'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}',
      'data: {"choices":[{"index":0,"delta":{"content":"é漢🚴 "}}]}',
      'data: {"choices":[{"index":0,"delta":{"content":"a\\nb"}}]}',
      'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":""}}]}}]}',
      'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\\"é\\":1}"}}]}}]}',
      'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
      'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}',
      'data: {"error":{"message":"Overloaded","type":"overloaded_error"}}',
      'data: [DONE]',
    ],
  },
  {
    wire: anthropicWire,
    events: [
      'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"m","usage":{"input_tokens":1,"output_tokens":1}}}',
      'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
      'event: ping\ndata: {"type":"ping"}',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"é漢🚴 "}}',
      'event: content_block_start\ndata: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\\"é\\":1}"}}',
      'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}',
      'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}',
      'event: message_stop\ndata: {"type":"message_stop"}',
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
    ],
  },
]

const LIMIT = 2_000

/** One after the other: what the wire says, comments, and things that no server should send. */
const bodyOf = (events: readonly string[]): fc.Arbitrary<Uint8Array> =>
  fc
    .record({
      blocks: fc.array(
        fc.oneof(
          { weight: 8, arbitrary: fc.constantFrom(...events) },
          {
            weight: 1,
            arbitrary: fc.constantFrom(': ping', 'retry: 10', 'id: 7', 'data', 'data: {', 'event: x'),
          },
          { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 12 }) },
        ),
        { maxLength: 12 },
      ),
      end: fc.constantFrom('\n', '\r\n', '\r'),
      bom: fc.boolean(),
      closed: fc.boolean(),
      /** Bytes that are no UTF-8, and where. */
      garbage: fc.option(fc.record({ at: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 6 }) }), {
        freq: 4,
        nil: null,
      }),
    })
    .map(({ blocks, end, bom, closed, garbage }) => {
      const text =
        (bom ? '\u{feff}' : '') + blocks.map((block) => `${block}\n\n`).join('') + (closed ? '' : 'data: {"x')
      const bytes = new TextEncoder().encode(text.replaceAll('\n', end))
      if (garbage === null) return bytes
      const at = garbage.at % (bytes.length + 1)
      return Uint8Array.from([...bytes.slice(0, at), ...garbage.bytes, ...bytes.slice(at)])
    })

/** The standard's rules word by word, over the whole body at once. */
function naiveEvents(bytes: Uint8Array): RawEvent[] {
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\n|\r/)
  const rest = lines.pop() ?? ''
  const events: RawEvent[] = []
  let data: string[] = []
  let event = ''
  const dispatch = (counts: boolean): void => {
    if (data.length > 0 && counts) events.push({ event, data: data.join('\n') })
    data = []
    event = ''
  }
  const take = (line: string): void => {
    const [, field = '', value = ''] = /^([^:]*)(?:: ?([\s\S]*))?$/.exec(line) ?? []
    if (field === 'data') data.push(value)
    if (field === 'event') event = value
  }
  for (const line of lines) {
    if (line === '') dispatch(true)
    else take(line)
  }
  // Beyond the standard: a last event without its blank line counts where it is whole.
  if (rest !== '') take(rest)
  dispatch(data.join('\n') === '[DONE]' || isJson(data.join('\n')))
  return events
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const streamOf = (pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces) if (piece.length > 0) controller.enqueue(piece)
      controller.close()
    },
  })

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const edges = [0, ...at.map((one) => one % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return edges.slice(1).map((end, index) => bytes.slice(edges[index], end))
}

async function partsOf(wire: Wire, pieces: readonly Uint8Array[], limit = LIMIT * 100): Promise<Part[]> {
  const parts: Part[] = []
  for await (const batch of readEvents(streamOf(pieces), wire.streamDecoder(1), limit, false))
    for (const event of batch) parts.push(...event.parts)
  return parts
}

function naiveParts(wire: Wire, bytes: Uint8Array): Part[] {
  const decoder = wire.streamDecoder(1)
  return naiveEvents(bytes).flatMap((event) => decoder.decode(event))
}

describe.each(WIRES)('what the $wire.name wire says', ({ wire, events }) => {
  it('comes out the same however its bytes arrive, garbage among them too', async () => {
    await fc.assert(
      fc.asyncProperty(bodyOf(events), fc.array(fc.nat(), { maxLength: 8 }), async (bytes, cuts) => {
        const expected = naiveParts(wire, bytes)
        expect(await partsOf(wire, [bytes])).toEqual(expected)
        expect(await partsOf(wire, cut(bytes, cuts))).toEqual(expected)
        expect(await partsOf(wire, cut(bytes, [...bytes.keys()]))).toEqual(expected)
      }),
      { numRuns: 30 },
    )
  })

  it('comes out the same when it is cut in two at any byte', async () => {
    const all = new TextEncoder().encode(events.map((event) => `${event}\r\n\r\n`).join(''))
    const expected = naiveParts(wire, all)
    expect(expected.filter(isOutput).length).toBeGreaterThan(2)
    for (let at = 0; at <= all.length; at += 1)
      expect(await partsOf(wire, [all.slice(0, at), all.slice(at)])).toEqual(expected)
  })

  it('is called whole only where its finish marker stands', async () => {
    await fc.assert(
      fc.asyncProperty(bodyOf(events), fc.array(fc.nat(), { maxLength: 4 }), async (bytes, cuts) => {
        const source = readEvents(streamOf(cut(bytes, cuts)), wire.streamDecoder(1), LIMIT * 100, false)
        const parts: Part[] = []
        const explain = (): never => {
          throw new Error('nothing broke')
        }
        for await (const batch of endHonestly(explain)(source))
          for (const event of batch) parts.push(...event.parts)
        const ends = parts.filter(({ kind }) => kind === 'error')
        const finish = parts.findLastIndex(({ kind }) => kind === 'finish')
        const lastWord = parts.findLastIndex(isOutput)
        // Whole and broken are the only two ways to end, and words after the marker take it back.
        const isProven = finish >= 0 && finish > lastWord
        expect(ends.length === 0 && !isProven).toBe(false)
        expect(ends.length).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('may be any JSON without breaking its decoder', () => {
    const names = events.map((event) => /^event: (.*)$/m.exec(event)?.[1] ?? '')
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...names), mangled(events)), { maxLength: 5 }),
        (mangledEvents) => {
          const decoder = wire.streamDecoder(1)
          for (const [event, data] of mangledEvents) {
            for (const part of decoder.decode({ event, data })) {
              expect(typeof part.kind).toBe('string')
              expect('text' in part ? part.text : '').toBeTypeOf('string')
              expect('json' in part ? part.json : '').toBeTypeOf('string')
            }
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('is cut off where it outgrows the limit, however it comes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(': ', 'data: ', 'event: ', 'x'),
        fc.array(fc.nat(), { maxLength: 6 }),
        async (start, cuts) => {
          const bytes = new TextEncoder().encode(start + 'x'.repeat(2 * LIMIT))
          const parts = await partsOf(wire, cut(bytes, cuts), LIMIT)
          expect(parts).toMatchObject([{ kind: 'error', failure: { kind: 'malformed' } }])
        },
      ),
      { numRuns: 50 },
    )
  })
})

/** Events of the wire with one of their values replaced by any other, and JSON of no wire at all. */
const mangled = (events: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc.json({ maxDepth: 3 }),
    fc
      .tuple(fc.constantFrom(...events), fc.nat(), fc.jsonValue({ maxDepth: 2 }))
      .map(([event, at, value]) => replaceOne(/data: (.*)$/m.exec(event)?.[1] ?? '', at, value)),
  )

function replaceOne(json: string, at: number, value: unknown): string {
  if (!isJson(json)) return json
  let count = 0
  JSON.parse(json, (_, inner: unknown) => {
    count += 1
    return inner
  })
  let seen = -1
  return JSON.stringify(
    JSON.parse(json, (_, inner: unknown) => {
      seen += 1
      return seen === at % count ? value : inner
    }),
  )
}
