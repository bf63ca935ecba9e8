import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readEvents } from '../../attempt/read-events.ts'
import type { Part } from '../part.ts'
import { GeminiStreamDecoder } from './stream-decoder.ts'

const decode = (...responses: readonly unknown[]): Part[] => {
  const decoder = new GeminiStreamDecoder()
  return responses.flatMap((response) => decoder.decode({ event: '', data: JSON.stringify(response) }))
}
const saying = (parts: readonly object[], more: object = {}): object => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
})
const finishing = (finishReason: string, parts: readonly object[] = []): object =>
  saying(parts, { finishReason })
const kinds = (parts: readonly Part[]): string[] => parts.map(({ kind }) => kind)

describe('the bytes of a stream of Gemini', () => {
  // As the service sends it: CRLF, several bytes a character, a call, thoughts, counts with every event.
  const RESPONSES = [
    { ...saying([{ text: 'Hm — ä', thought: true }]), responseId: 'r1', modelVersion: 'gemini-2.5-flash' },
    { ...saying([{ text: 'Où? 🚴' }]), usageMetadata: { promptTokenCount: 3 } },
    saying([{ functionCall: { name: 'f', args: { city: 'Zürich\r\n' } } }]),
    { ...finishing('STOP', [{ text: '' }]), usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 7 } },
  ]
  const streamOf = (lineEnd: string): Uint8Array =>
    new TextEncoder().encode(
      RESPONSES.map((response) => `data: ${JSON.stringify(response)}${lineEnd}${lineEnd}`).join(''),
    )
  const CALL = { kind: 'tool-call', index: 0, id: 'call_r1_0', name: 'f' }
  const SAID: readonly object[] = [
    { kind: 'start', id: 'r1', model: 'gemini-2.5-flash' },
    { kind: 'reasoning', text: 'Hm — ä' },
    { kind: 'text', text: 'Où? 🚴' },
    { kind: 'usage', usage: { inputTokens: 3, outputTokens: 0, cachedInputTokens: 0 } },
    CALL,
    { kind: 'tool-input', index: 0, json: JSON.stringify({ city: 'Zürich\r\n' }) },
    { kind: 'usage', usage: { inputTokens: 3, outputTokens: 7, cachedInputTokens: 0 } },
    { kind: 'finish', reason: 'tool-calls' },
  ]

  async function read(pieces: readonly Uint8Array[]): Promise<Part[]> {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece)
        controller.close()
      },
    })
    const parts: Part[] = []
    for await (const batch of readEvents(body, new GeminiStreamDecoder(), 100_000, false))
      parts.push(...batch.flatMap((event) => event.parts))
    return parts
  }

  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('say the same wherever they are split, with %s', async (_, lineEnd) => {
    const bytes = streamOf(lineEnd)
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(await read([bytes.slice(0, at), bytes.slice(at)])).toEqual(SAID)
    }
    expect(await read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(SAID)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 20 }), async (cuts) => {
        const ends = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
        const pieces = ends.slice(1).map((end, index) => bytes.slice(ends[index], end))
        expect(await read(pieces)).toEqual(SAID)
      }),
    )
  })

  it('have no end when they stop anywhere before the last event is whole', async () => {
    const bytes = streamOf('\n')
    const whole = bytes.length - '\n\n'.length
    for (let end = 0; end < whole; end += 1) {
      expect(kinds(await read([bytes.slice(0, end)]))).not.toContain('finish')
    }
    expect(await read([bytes.slice(0, whole)])).toEqual(SAID)
  })
})

describe('what a stream of Gemini means', () => {
  it.each(['{', '', '5', 'null', '[]', '{}', '{"candidates":5}', '{"candidates":[{"content":{"parts":5}}]}'])(
    'is nothing where an event is %j',
    (data) => {
      const parts = new GeminiStreamDecoder().decode({ event: '', data })
      expect(parts).toMatchObject([{ kind: 'error', failure: { kind: 'malformed', phase: 'stream' } }])
    },
  )

  it.each<[string, string]>([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content-filter'],
    ['RECITATION', 'content-filter'],
    ['BLOCKLIST', 'content-filter'],
    ['PROHIBITED_CONTENT', 'content-filter'],
    ['SPII', 'content-filter'],
    ['LANGUAGE', 'content-filter'],
    ['IMAGE_SAFETY', 'content-filter'],
    ['A_REASON_OF_TOMORROW', 'stop'],
  ])('follows from the finish reason %s', (word, reason) => {
    expect(decode(saying([{ text: 'a' }]), finishing(word)).at(-1)).toEqual({ kind: 'finish', reason })
    expect(decode({ candidates: [{ finishReason: word }] }).at(-1)).toEqual({ kind: 'finish', reason })
  })

  it.each([
    'MALFORMED_FUNCTION_CALL',
    'UNEXPECTED_TOOL_CALL',
    'TOO_MANY_TOOL_CALLS',
    'MISSING_THOUGHT_SIGNATURE',
    'MALFORMED_RESPONSE',
    'OTHER',
  ])('is a failure of the provider where it finishes by %s', (word) => {
    const parts = decode(saying([{ text: 'a' }]), finishing(word))
    expect(kinds(parts)).toEqual(['start', 'text', 'error'])
    expect(parts.at(-1)).toMatchObject({ failure: { kind: 'server-error', phase: 'stream' } })
  })

  it.each(['', null, undefined, 'FINISH_REASON_UNSPECIFIED'])('is not finished by %j', (word) => {
    expect(kinds(decode(saying([{ text: 'a' }], { finishReason: word })))).toEqual(['start', 'text'])
  })

  it('ends in tool calls where there are any, though Gemini just says STOP', () => {
    const call = { functionCall: { id: 'c', name: 'f' } }
    expect(decode(finishing('STOP', [call])).at(-1)).toEqual({ kind: 'finish', reason: 'tool-calls' })
    expect(decode(saying([call]), finishing('MAX_TOKENS')).at(-1)).toEqual({
      kind: 'finish',
      reason: 'length',
    })
  })

  it('is finished again after words that took a finish marker back, and once otherwise', () => {
    const parts = decode(finishing('STOP', [{ text: 'a' }]), finishing('STOP', [{ text: 'b' }]))
    expect(kinds(parts)).toEqual(['start', 'text', 'finish', 'text', 'finish'])
    expect(kinds(decode(finishing('STOP'), finishing('STOP')))).toEqual(['start', 'finish'])
  })

  it.each<[object, string]>([
    [{ error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }, 'overloaded'],
    [{ error: { code: 429, message: 'Quota.', status: 'RESOURCE_EXHAUSTED' } }, 'rate-limited'],
    [{ error: { code: 500, message: 'Internal.', status: 'INTERNAL' } }, 'server-error'],
    [{ error: { code: 400, message: 'Bad.', status: 'INVALID_ARGUMENT' } }, 'invalid-request'],
    [{ error: { message: 'Odd.' } }, 'server-error'],
    [[{ error: { code: 503, message: 'Overloaded.', status: 'UNAVAILABLE' } }] as object, 'overloaded'],
  ])('is a failure where an error comes in band: %j', (response, kind) => {
    expect(decode(response)).toMatchObject([{ kind: 'error', failure: { kind, phase: 'stream' } }])
  })

  it('is a matter of policy where the prompt was blocked', () => {
    expect(decode({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }).at(-1)).toMatchObject({
      kind: 'error',
      failure: { kind: 'content-policy', message: 'The provider blocked the prompt (PROHIBITED_CONTENT).' },
    })
    // What is no reason of the format is shown to nobody.
    expect(decode({ promptFeedback: { blockReason: 'you said: <x>' } }).at(-1)).toMatchObject({
      failure: { kind: 'content-policy', message: 'The provider blocked the prompt.' },
    })
    expect(kinds(decode({ promptFeedback: {}, ...saying([{ text: 'a' }]) }))).toEqual(['start', 'text'])
  })

  it('counts thoughts as output, and the results of its own tools as input', () => {
    const usageMetadata = {
      promptTokenCount: 10,
      cachedContentTokenCount: 4,
      toolUsePromptTokenCount: 3,
      candidatesTokenCount: 5,
      thoughtsTokenCount: 7,
      totalTokenCount: 25,
    }
    expect(decode({ ...finishing('STOP'), usageMetadata })).toContainEqual({
      kind: 'usage',
      usage: { inputTokens: 13, outputTokens: 12, cachedInputTokens: 4 },
    })
  })

  it('takes what only Gemini can express for output, and signatures for none', () => {
    const other = [{ inlineData: { mimeType: 'image/png', data: 'AA==' } }, { executableCode: { code: '1' } }]
    expect(kinds(decode(saying(other)))).toEqual(['start', 'other', 'other'])
    expect(kinds(decode(saying([{ thoughtSignature: 'AA==' }, { text: '', thought: true }])))).toEqual([
      'start',
    ])
  })

  it('makes ids for calls that have none: the same for pieces of one answer, others for another answer', () => {
    const calls = saying([{ functionCall: { name: 'f' } }, { functionCall: { name: 'g', args: {} } }])
    const idsOf = (parts: readonly Part[]): string[] =>
      parts.flatMap((part) => (part.kind === 'tool-call' ? [part.id] : []))
    expect(idsOf(decode({ ...calls, responseId: 'a/b+c=' }))).toEqual(['call_abc_0', 'call_abc_1'])
    const [one, two] = [idsOf(decode(calls)), idsOf(decode(calls))]
    expect(new Set([...one, ...two]).size).toBe(4)
    // As much as every provider takes back.
    for (const id of [...one, ...two, ...idsOf(decode({ ...calls, responseId: 'x'.repeat(99) }))])
      expect(id).toMatch(/^[\w-]{1,40}$/)
  })

  it('keeps arguments of any name, and the order of calls', () => {
    const args = { constructor: 1, toString: { prototype: 2 } }
    const parts = decode(saying([{ functionCall: { id: 'x', name: 'f', args } }]))
    expect(parts).toContainEqual({ kind: 'tool-input', index: 0, json: JSON.stringify(args) })
  })
})
