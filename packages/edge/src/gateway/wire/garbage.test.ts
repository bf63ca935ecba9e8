import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endHonestly } from '../attempt/end-honestly.ts'
import { readEvent, spellEvent } from '../cache/event-text.ts'
import { plainParts } from './replayable.ts'
import { anthropicWire } from './anthropic/wire.ts'
import { truncated } from './classify.ts'
import { geminiWire } from './gemini/wire.ts'
import { openAiWire } from './openai/wire.ts'
import type { PartStream, StreamEvent } from './part.ts'
import type { ProviderWire } from './wire.ts'
import { workersAiWire } from './workers-ai/wire.ts'

/** Streams as providers send them, each with words, a call of a tool, counts and an end. */
const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"a":1}' } }
const counts = { prompt_tokens: 3, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 1 } }
const chunk = (delta: object, finish: string | null = null): object => ({
  id: 'x',
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
  usage: counts,
})
const OPENAI = [
  chunk({ content: 'one ', reasoning_content: 'hm' }),
  chunk({ content: [{ type: 'text', text: 'two' }] }),
  chunk({ tool_calls: [call] }),
  chunk({}, 'tool_calls'),
]
const STREAMS: readonly (readonly [ProviderWire, readonly object[]])[] = [
  [openAiWire, OPENAI],
  [
    anthropicWire,
    [
      { type: 'message_start', message: { id: 'm', model: 'm', usage: { input_tokens: 3 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'one' } },
      { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 't', name: 'look' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 4 } },
      { type: 'message_stop' },
    ],
  ],
  [
    geminiWire,
    [
      { responseId: 'r', candidates: [{ content: { parts: [{ text: 'one ' }] } }] },
      {
        candidates: [
          {
            content: { parts: [{ text: 'hm', thought: true }, { functionCall: { name: 'look', args: {} } }] },
          },
        ],
        usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4, thoughtsTokenCount: 1 },
      },
      { candidates: [{ finishReason: 'STOP' }], promptFeedback: { blockReason: null } },
    ],
  ],
  [
    workersAiWire,
    [
      { response: 'one ', usage: counts },
      { response: '', tool_calls: [{ name: 'look', arguments: { a: 1 } }] },
      ...OPENAI,
    ],
  ],
]

const ODDITIES: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  -0,
  2 ** 60,
  1e308,
  '',
  '__proto__',
  '\ud800',
  '\r\n\r\ndata: x',
  [],
  {},
  [[]],
  [null],
  ['constructor'],
  { text: 7 },
  { index: -1 },
  { index: 2 ** 40, id: 'a\n"b' },
]
const GARBAGE = fc.oneof(fc.constantFrom<unknown>(...ODDITIES), fc.jsonValue({ maxDepth: 2 }))

/** Every place in a value, by the keys that lead there. */
const placesIn = (value: unknown): (readonly string[])[] =>
  typeof value === 'object' && value !== null
    ? [[], ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner).map((rest) => [key, ...rest]))]
    : [[]]

function withAt(value: unknown, [key, ...rest]: readonly string[], garbage: unknown): unknown {
  if (key === undefined) return garbage
  const inner = (value as Record<string, unknown>)[key]
  const changed = withAt(inner, rest, garbage)
  return Array.isArray(value)
    ? value.map((item, index) => (String(index) === key ? changed : (item as unknown)))
    : { ...(value as object), [key]: changed }
}

/** A stream in which a few places hold what they should not, and in which events are missing or come twice. */
const spoilt = (events: readonly object[]): fc.Arbitrary<unknown[]> =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.nat(1_000), GARBAGE), { maxLength: 4 }),
      fc.array(fc.nat(events.length - 1), { maxLength: 2 }),
      fc.shuffledSubarray([...events.keys()], { minLength: 1 }),
      fc.boolean(),
    )
    .map(([changes, twice, some, inOrder]) => {
      const order = inOrder ? [...events.keys(), ...twice] : [...some, ...twice]
      let stream: unknown = order.map((index) => events[index])
      for (const [lot, garbage] of changes) {
        const places = placesIn(stream).filter((place) => place.length > 0)
        stream = withAt(stream, places[lot % places.length] ?? ['0'], garbage)
      }
      return stream as unknown[]
    })

async function* inOneBatch(events: readonly StreamEvent[]): PartStream {
  yield events
}

describe.each(STREAMS.map(([wire, events]) => [wire.name, wire, events] as const))(
  'a provider of the %s wire that sends anything in any field',
  (_name, wire, events) => {
    const read = (stream: readonly unknown[]): StreamEvent[] => {
      const decoder = wire.streamDecoder(1, null)
      return [...stream.map((value) => JSON.stringify(value)), '[DONE]'].map((data) => ({
        raw: null,
        parts: decoder.decode({ event: '', data }),
      }))
    }

    it('makes nothing throw, and its stream has an end that is told', async () => {
      await fc.assert(
        fc.asyncProperty(spoilt(events), async (stream) => {
          const parts = []
          for await (const batch of endHonestly(() => truncated('stream'))(inOneBatch(read(stream))))
            parts.push(...batch.flatMap((event) => event.parts))
          const isFinished = parts.some(({ kind }) => kind === 'finish')
          expect(isFinished || parts.some(({ kind }) => kind === 'error')).toBe(true)
        }),
        { numRuns: 500 },
      )
    })

    it('says nothing that those who share its answer would not hear as well', () => {
      fc.assert(
        fc.property(spoilt(events), (stream) => {
          const shared = read(stream).flatMap((event) => [plainParts(event) ?? []])
          expect(shared.map((parts) => readEvent(spellEvent(parts)))).toEqual(shared)
        }),
        { numRuns: 500 },
      )
    })

    it('makes nothing throw in an unstreamed answer or an error', () => {
      fc.assert(
        fc.property(spoilt(events), fc.constantFrom(200, 400, 429, 500), ([value], status) => {
          expect(wire.parseAnswer(value)).toHaveProperty('ok')
          expect(wire.parseError(status, value, 'body')).toHaveProperty('kind')
        }),
        { numRuns: 500 },
      )
    })
  },
)
