import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Part, PartStream } from '../wire/part.ts'
import { dropRepeated, dropSpace } from './drop-repeated.ts'

async function* streamOf(batches: readonly (readonly Part[])[]): PartStream {
  for (const parts of batches)
    yield await Promise.resolve(parts.map((part) => ({ raw: null, parts: [part] })))
}
const text = (words: string): Part => ({ kind: 'text', text: words })
const FINISH: Part = { kind: 'finish', reason: 'stop' }
/** A text cut into pieces. */
const pieces = fc.array(fc.string({ maxLength: 5 }), { maxLength: 8 })

async function read(events: PartStream | null): Promise<{ text: string; kinds: string[] } | null> {
  if (events === null) return null
  const parts: Part[] = []
  for await (const batch of events) parts.push(...batch.flatMap((event) => event.parts))
  return {
    text: parts.map((part) => (part.kind === 'text' ? part.text : '')).join(''),
    kinds: [...new Set(parts.map(({ kind }) => kind))],
  }
}

describe('dropping what repeats', () => {
  it('leaves just what goes beyond, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, fc.nat({ max: 40 }), async (words, at) => {
        const whole = words.join('')
        const said = whole.slice(0, at)
        const events = streamOf([[{ kind: 'start', id: 'i', model: 'm' }], words.map(text), [FINISH]])
        const rest = await read(await dropRepeated(events, said))
        expect(rest?.text).toBe(whole.slice(at))
        expect(rest?.kinds).toContain('finish')
      }),
    )
  })

  it('gives up an answer that differs anywhere in what was said, or is over before', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, fc.string({ minLength: 1 }), async (words, said) => {
        fc.pre(!words.join('').startsWith(said))
        expect(await dropRepeated(streamOf([words.map(text), [FINISH]]), said)).toBeNull()
      }),
    )
  })

  it.each<Part>([
    { kind: 'tool-call', index: 0, id: 'c', name: 'f' },
    { kind: 'error', failure: { kind: 'truncated', phase: 'stream', message: '' } },
  ])('gives up an answer that has a $kind in place of the words', async (part) => {
    expect(await dropRepeated(streamOf([[text('a'), part]]), 'ab')).toBeNull()
  })
})

describe('dropping white space', () => {
  it('takes off what was sent already, and nothing else', async () => {
    const seam = fc.record({
      sent: fc.stringMatching(/^[ \n]{0,4}$/),
      given: fc.stringMatching(/^[ \n]{0,4}$/),
    })
    await fc.assert(
      fc.asyncProperty(seam, fc.stringMatching(/^[a-z][a-z ]{0,6}$/), async ({ sent, given }, words) => {
        const whole = given + words
        const cut = whole.split('').map(text)
        const seen = await read(dropSpace(sent)(streamOf([cut])))
        let common = 0
        while (common < sent.length && sent[common] === given[common]) common += 1
        expect(seen?.text).toBe(whole.slice(common))
      }),
    )
  })
})
