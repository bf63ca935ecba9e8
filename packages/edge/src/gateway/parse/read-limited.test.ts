import { describe, expect, it, vi } from 'vitest'
import { readLimited } from './read-limited.ts'
import { readErrorBody, readText } from '../attempt/read-text.ts'

/** A body that comes in these pieces, then closes or breaks; and what became of it. */
function bodyOf(
  pieces: readonly Uint8Array[],
  breaks = false,
): { body: ReadableStream<Uint8Array>; taken: () => number; cancelled: () => boolean } {
  const rest = [...pieces]
  let cancelled = false
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = rest.shift()
        if (piece !== undefined) controller.enqueue(piece)
        else if (breaks) controller.error(new Error('reset'))
        else controller.close()
      },
      cancel() {
        cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { body, taken: () => pieces.length - rest.length, cancelled: () => cancelled }
}
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const pieces = (...texts: readonly string[]): Uint8Array[] => texts.map(encode)

describe('reading a body of limited size', () => {
  it.each(['stop', 'discard'] as const)('gives the whole of one that fits (%s)', async (beyond) => {
    const { body } = bodyOf(pieces('abc', 'de'))
    expect(await readLimited(body, 5, beyond)).toEqual({ text: 'abcde', whole: true })
    expect(await readLimited(null, 5, beyond)).toEqual({ text: '', whole: true })
  })

  it('reads characters that are split between two reads', async () => {
    const bytes = encode('a🚴b')
    const { body } = bodyOf([bytes.slice(0, 3), bytes.slice(3)])
    expect(await readLimited(body, 100, 'stop')).toEqual({ text: 'a🚴b', whole: true })
  })

  it('stops at the limit with the text so far, and lets go of the rest', async () => {
    const { body, taken, cancelled } = bodyOf(pieces('abc', 'de', 'f', 'g'))
    expect(await readLimited(body, 4, 'stop')).toEqual({ text: 'abcd', whole: false })
    expect([taken(), cancelled()]).toEqual([2, true])
  })

  it('reads on to the end where it should, so that the sender gets to read why, and keeps nothing', async () => {
    const { body, taken, cancelled } = bodyOf(pieces('abc', 'de', 'f', 'g'))
    const { text, whole } = await readLimited(body, 4, 'discard')
    expect([text, whole]).toEqual(['', false])
    expect([taken(), cancelled()]).toEqual([4, false])
  })

  it('reads on for no more than a hundred million bytes', async () => {
    const piece = new Uint8Array(30_000_000)
    const { body, taken, cancelled } = bodyOf(Array.from({ length: 6 }, () => piece))
    expect(await readLimited(body, 4, 'discard')).toMatchObject({ whole: false })
    expect([taken(), cancelled()]).toEqual([4, true])
  })
})

describe('reading the text of a response', () => {
  const responseOf = (body: ReadableStream<Uint8Array>, headers: Record<string, string> = {}): Response =>
    new Response(body, { headers })

  it('takes what fits, and nothing else', async () => {
    expect(await readText(responseOf(bodyOf(pieces('abc', 'de')).body), 5)).toBe('abcde')
    expect(await readText(responseOf(bodyOf(pieces('abc', 'de')).body), 4)).toBeNull()
  })

  it('reads nothing of what is declared to be too large', async () => {
    const { body, taken } = bodyOf(pieces('abcde'))
    expect(await readText(responseOf(body, { 'content-length': '5' }), 4)).toBeNull()
    expect(taken()).toBe(0)
  })

  it('takes the short cut of one read where the length is known', async () => {
    const response = responseOf(bodyOf(pieces('abc')).body, { 'content-length': '3' })
    const short = vi.spyOn(response, 'text')
    expect(await readText(response, 4)).toBe('abc')
    expect(short).toHaveBeenCalledOnce()
  })

  it('believes no length of what was compressed', async () => {
    const headers = { 'content-length': '3', 'content-encoding': 'gzip' }
    const { body, cancelled } = bodyOf(pieces('abc', 'de', 'f'))
    expect(await readText(responseOf(body, headers), 4)).toBeNull()
    expect(cancelled()).toBe(true)
    expect(await readText(responseOf(bodyOf(pieces('abc', 'd')).body, headers), 4)).toBe('abcd')
  })

  it('takes as much of an error as its reason needs, and nothing of one that breaks', async () => {
    const endless = bodyOf(Array.from({ length: 100 }, () => encode('x'.repeat(1_024))))
    expect(await readErrorBody(responseOf(endless.body))).toHaveLength(65_536)
    expect(endless.cancelled()).toBe(true)
    expect(await readErrorBody(responseOf(bodyOf(pieces('abc'), true).body))).toBe('')
  })
})
