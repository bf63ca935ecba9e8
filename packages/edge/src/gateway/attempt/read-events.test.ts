import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readEvents } from './read-events.ts'
import type { Part, StreamEvent } from '../wire/part.ts'
import { openAiWire } from '../wire/openai/wire.ts'

const chunk = (content: string): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`

/** A body that comes in these pieces, then closes, stays silent, or breaks. */
function bodyOf(
  pieces: readonly Uint8Array[],
  end: 'close' | 'silence' | Error = 'close',
): { body: ReadableStream<Uint8Array>; cancelled: () => boolean } {
  let cancelled = false
  const rest = [...pieces]
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = rest.shift()
      if (piece !== undefined) controller.enqueue(piece)
      else if (end === 'close') controller.close()
      else if (end !== 'silence') controller.error(end)
    },
    cancel() {
      cancelled = true
    },
  })
  return { body, cancelled: () => cancelled }
}
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = (body: ReadableStream<Uint8Array>, limit = 10_000): ReturnType<typeof readEvents> =>
  readEvents(body, openAiWire.streamDecoder(1), limit, true)

async function all(body: ReadableStream<Uint8Array>, limit?: number): Promise<StreamEvent[][]> {
  const batches: StreamEvent[][] = []
  for await (const batch of read(body, limit)) batches.push([...batch])
  return batches
}
const textOf = (batches: readonly (readonly StreamEvent[])[]): string =>
  batches
    .flat()
    .flatMap(({ parts }) => parts.map((part: Part) => (part.kind === 'text' ? part.text : '')))
    .join('')

describe('reading the events of a body', () => {
  it('gives one batch for each read that completes an event, and none for others', async () => {
    const pieces = [chunk('a') + chunk('b'), 'data: {"choi', 'ces":[]}\n\n', ': ping\n\n', chunk('c')].map(
      encode,
    )
    const batches = await all(bodyOf(pieces).body)
    expect(batches.map((batch) => batch.length)).toEqual([2, 1, 1])
    expect(textOf(batches)).toBe('abc')
  })

  it('reads the same words wherever the bytes are split, inside a character too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        async (words, cuts) => {
          const bytes = encode(words.map(chunk).join(''))
          const edges = [0, ...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
          const pieces = edges.slice(1).map((end, index) => bytes.slice(edges[index], end))
          expect(textOf(await all(bodyOf(pieces.filter((piece) => piece.length > 0)).body))).toBe(
            words.join(''),
          )
        },
      ),
    )
  })

  it.each([
    ['[DONE]', 'data: [DONE]', ['[DONE]']],
    ['[DONE] at the end of its line', 'data: [DONE]\n', ['[DONE]']],
    ['JSON', 'data: {"choices":[]}', ['{"choices":[]}']],
    ['half of JSON', 'data: {"choices":[', []],
    ['half of [DONE]', 'data: [DON', []],
    ['a name alone', 'event: message_stop', []],
    ['half of a character', 'data: "\u{fffd}', []],
  ])('takes %s without its blank line at the end for an event where it is whole', async (_, rest, data) => {
    for (const cut of [0, 3, rest.length]) {
      const pieces = [chunk('a'), rest.slice(0, cut), rest.slice(cut)].filter((piece) => piece !== '')
      const [, ...after] = (await all(bodyOf(pieces.map(encode)).body)).flat()
      expect(after.map(({ raw }) => raw?.data)).toEqual(data)
    }
  })

  it('takes nothing for an event that a broken connection left without its end', async () => {
    const reset = new Error('reset')
    const events = read(bodyOf([encode('data: [DONE]')], reset).body)
    await expect(events.next()).rejects.toBe(reset)
  })

  it('passes over a byte order mark', async () => {
    expect(textOf(await all(bodyOf([encode(`\u{feff}${chunk('a')}`)]).body))).toBe('a')
  })

  it('calls an event over the limit malformed, passes what came before it, and stops reading', async () => {
    const { body, cancelled } = bodyOf(
      [chunk('a'), 'data: ', 'x'.repeat(2_000), 'x'.repeat(2_000)].map(encode),
      'silence',
    )
    const batches = await all(body, 1_000)
    expect(textOf(batches)).toBe('a')
    expect(batches.at(-1)).toMatchObject([
      { raw: null, parts: [{ kind: 'error', failure: { kind: 'malformed' } }] },
    ])
    expect(cancelled()).toBe(true)
  })

  it('throws what the connection throws', async () => {
    const reset = new Error('reset')
    await expect(all(bodyOf([encode(chunk('a'))], reset).body)).rejects.toBe(reset)
  })

  it('lets go of the body when its reader stops', async () => {
    const { body, cancelled } = bodyOf([encode(chunk('a'))], 'silence')
    const events = read(body)
    await events.next()
    await events.return()
    expect(cancelled()).toBe(true)
  })
})
