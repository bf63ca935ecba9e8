import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RawEvent } from './part.ts'
import { SseReader, writeEvent } from './sse.ts'

const LIMIT = 10_000
const TERMINATORS = ['\n', '\r\n', '\r'] as const

const CHARACTERS = Array.from('ab: {}"é漢🚴\u{feff}\u0000\u2028')

/** What goes into a line: anything but line ends. Half of it is outside ASCII, so that splits fall into characters. */
const lineText = fc.string({ unit: fc.constantFrom(...CHARACTERS), maxLength: 8 })

type Line =
  | { readonly field: 'data' | 'event' | 'id' | 'comment'; readonly value: string; readonly space: boolean }
  | { readonly field: 'bare-data' }

const line: fc.Arbitrary<Line> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      field: fc.constantFrom('data', 'event', 'id', 'comment'),
      value: lineText,
      space: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ field: 'bare-data' } as const) },
)
const blocks = fc.array(fc.array(line, { maxLength: 4 }), { minLength: 1, maxLength: 4 })
const framing = fc.constantFrom(...TERMINATORS)

function spell(one: Line): string {
  if (one.field === 'bare-data') return 'data'
  const name = one.field === 'comment' ? '' : one.field
  // Without the space a value that starts with one would lose it.
  return `${name}:${one.space || one.value.startsWith(' ') ? ' ' : ''}${one.value}`
}

const spellBlock = (lines: readonly Line[], end: string): string =>
  lines.map((one) => spell(one) + end).join('') + end

/** What the standard says these lines mean, apart from any reader. */
function eventOf(lines: readonly Line[]): RawEvent[] {
  const data = lines.flatMap((one) => {
    if (one.field === 'bare-data') return ['']
    return one.field === 'data' ? [one.value] : []
  })
  const names = lines.flatMap((one) => (one.field === 'event' ? [one.value] : []))
  return data.length === 0 ? [] : [{ event: names.at(-1) ?? '', data: data.join('\n') }]
}

/** Reads bytes in pieces as the gateway does: one streaming decoder, one push for each piece. */
function readPieces(pieces: readonly Uint8Array[], limit = LIMIT): RawEvent[][] {
  const decoder = new TextDecoder()
  const reader = new SseReader(limit)
  return pieces.map((piece) => {
    const events = reader.push(decoder.decode(piece, { stream: true }))
    if (events === 'too-long') throw new Error('too long')
    return events
  })
}

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const edges = [0, ...[...at].sort((a, b) => a - b), bytes.length]
  return edges.slice(1).map((end, index) => bytes.slice(edges[index], end))
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('SseReader', () => {
  it('reads what the standard says, in every framing', () => {
    fc.assert(
      fc.property(blocks, framing, fc.boolean(), (all, end, bom) => {
        const text = (bom ? '\u{feff}' : '') + all.map((lines) => spellBlock(lines, end)).join('')
        expect(readPieces([encode(text)]).flat()).toEqual(all.flatMap(eventOf))
      }),
    )
  })

  it('reads the same when the bytes are split at any one position', () => {
    fc.assert(
      fc.property(blocks, framing, fc.boolean(), (all, end, bom) => {
        const bytes = encode((bom ? '\u{feff}' : '') + all.map((lines) => spellBlock(lines, end)).join(''))
        const whole = all.flatMap(eventOf)
        for (let at = 0; at <= bytes.length; at += 1) {
          expect(readPieces(cut(bytes, [at])).flat()).toEqual(whole)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('reads the same when every byte comes alone or in random pieces', () => {
    fc.assert(
      fc.property(blocks, framing, fc.array(fc.nat(), { maxLength: 8 }), (all, end, cuts) => {
        const bytes = encode(all.map((lines) => spellBlock(lines, end)).join(''))
        const whole = all.flatMap(eventOf)
        const random = cuts.map((at) => at % (bytes.length + 1))
        expect(readPieces(cut(bytes, random)).flat()).toEqual(whole)
        expect(readPieces(cut(bytes, [...bytes.keys()])).flat()).toEqual(whole)
      }),
    )
  })

  it('reads framings that change from line to line', () => {
    fc.assert(
      fc.property(
        blocks,
        fc.infiniteStream(framing),
        fc.array(fc.nat(), { maxLength: 5 }),
        (all, ends, cuts) => {
          let text = ''
          let last = ''
          const next = (): string => {
            const [end = '\n'] = ends.take(1)
            // CR and then LF would be one line end, not two.
            const chosen = last === '\r' && end === '\n' ? '\r' : end
            last = chosen
            return chosen
          }
          for (const lines of all) {
            for (const one of lines) {
              text += spell(one)
              last = ''
              text += next()
            }
            text += next()
          }
          const bytes = encode(text)
          const pieces = cut(
            bytes,
            cuts.map((at) => at % (bytes.length + 1)),
          )
          expect(readPieces(pieces).flat()).toEqual(all.flatMap(eventOf))
        },
      ),
    )
  })

  it('gives an event out by the very push that brings its blank line', () => {
    fc.assert(
      fc.property(blocks, framing, (all, end) => {
        // With CRLF the CR alone ends the line already, so the event is due one byte sooner.
        const pieces = all.flatMap((lines) => {
          const block = encode(spellBlock(lines, end))
          return end === '\r\n' ? cut(block, [block.length - 1]) : [block]
        })
        const perPush = readPieces(pieces)
        const expected = all.flatMap((lines) => (end === '\r\n' ? [eventOf(lines), []] : [eventOf(lines)]))
        expect(perPush).toEqual(expected)
      }),
    )
  })

  it('gives nothing out before the blank line, and nothing at all for a half event at the end', () => {
    expect(readPieces(['data: {"a":1}', '\n', 'data: b'].map(encode))).toEqual([[], [], []])
  })

  it('tells at the end what stands there without its blank line, and nothing twice', () => {
    const rest = (text: string): RawEvent[] => {
      const reader = new SseReader(LIMIT)
      reader.push(text)
      const events = reader.end()
      expect(reader.end()).toEqual([])
      return events
    }
    expect(rest('data: a\n\ndata: b')).toEqual([{ event: '', data: 'b' }])
    expect(rest('event: e\ndata: b\n')).toEqual([{ event: 'e', data: 'b' }])
    expect(rest('event: e\r\ndata: b\r\ndata: c\r')).toEqual([{ event: 'e', data: 'b\nc' }])
    expect(rest('data: a\n\n')).toEqual([])
    expect(rest('event: e')).toEqual([])
    expect(rest(': ping')).toEqual([])
    expect(rest('')).toEqual([])
  })

  it('takes the empty data of the standard as an event, and a name without data as none', () => {
    expect(readPieces([encode('data\n\ndata\ndata\n\nevent: ping\n\ndata:x\n\n')]).flat()).toEqual([
      { event: '', data: '' },
      { event: '', data: '\n' },
      { event: '', data: 'x' },
    ])
  })

  it('forgets a name when its event ends', () => {
    expect(readPieces([encode('event: a\ndata: 1\n\ndata: 2\n\n')]).flat()).toEqual([
      { event: 'a', data: '1' },
      { event: '', data: '2' },
    ])
  })

  it.each([
    ['an endless line', 'x'],
    ['an endless data line', 'data: xxxxx'],
    ['endless data lines without an end of event', 'data: xxxxxxxx\n'],
    ['endless empty data lines', 'data:\n'],
    ['endless bare data lines', 'data\r'],
    ['an endless name', 'event: xxxxx'],
  ])('calls %s too long before it holds much more than the limit', (_, piece) => {
    const reader = new SseReader(1_000)
    let pushed = 0
    while (reader.push(piece) !== 'too-long') {
      pushed += piece.length
      expect(pushed).toBeLessThan(10_000)
    }
  })

  it('calls an event too long however its bytes are split', () => {
    const text = `data: ${'x'.repeat(1_500)}\n\n`
    expect(new SseReader(1_000).push(text)).toBe('too-long')
    const reader = new SseReader(1_000)
    expect(text.split('').map((one) => reader.push(one))).toContain('too-long')
  })

  it('counts each event by itself, and comments not at all', () => {
    const reader = new SseReader(100)
    for (let round = 0; round < 1_000; round += 1) {
      expect(reader.push(`data: ${'x'.repeat(60)}\n\n: ${'y'.repeat(60)}\n`)).toHaveLength(1)
    }
  })
})

describe('writeEvent', () => {
  it('writes what the reader reads', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ':', ' ', '\n', '🚴', 'é'), maxLength: 12 })
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '_'), maxLength: 5 })
    fc.assert(
      fc.property(fc.array(fc.record({ event: name, data: text }), { maxLength: 5 }), (events) => {
        expect(readPieces([encode(events.map(writeEvent).join(''))]).flat()).toEqual(events)
      }),
    )
  })
})
