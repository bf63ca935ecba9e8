import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { spellEvent } from './event-text.ts'
import type { PlainPart } from '../wire/replayable.ts'
import { readAnswer, replay, spellAnswer, toStreamEvent, type StoredAnswer } from './stored-answer.ts'

const count = fc.nat(99_999)
const part: fc.Arbitrary<PlainPart> = fc.oneof(
  fc.record({ kind: fc.constant('start' as const), id: fc.string(), model: fc.string() }),
  fc.record({
    kind: fc.constantFrom('text' as const, 'reasoning' as const),
    text: fc.string({ unit: 'grapheme' }),
  }),
  fc.record({
    kind: fc.constant('usage' as const),
    usage: fc.record({ inputTokens: count, outputTokens: count, cachedInputTokens: count }),
  }),
)
const finish: PlainPart = { kind: 'finish', reason: 'stop' }
const events = fc
  .array(fc.array(part, { minLength: 1, maxLength: 3 }), { maxLength: 200 })
  .map((before) => [...before, [finish], [{ kind: 'done' as const }]])

const stored = (body: StoredAnswer['body']): StoredAnswer => ({
  provider: 'openai',
  model: 'gpt-mini',
  askedAt: 1_000,
  givenAt: 3_000,
  body,
})

describe('a stored answer', () => {
  it('is replayed event by event as it was, after any way through text', async () => {
    await fc.assert(
      fc.asyncProperty(events, async (given) => {
        const read = readAnswer(spellAnswer(stored({ kind: 'stream', events: given.map(spellEvent) })))
        if (read === null) throw new Error('it could not be read')
        const answer = replay(read, 'cached', 3_000)
        if (answer.kind !== 'stream') throw new Error('it is no stream')
        const replayed: unknown[] = []
        for await (const batch of answer.events) replayed.push(...batch)
        expect(replayed).toEqual(given.map((parts) => ({ raw: null, parts })))
      }),
      { numRuns: 50 },
    )
  })

  it('says that it breaks off where an event of it can’t be read', () => {
    const counts = { inputTokens: 1.5, outputTokens: 1, cachedInputTokens: 0 }
    const event = spellEvent([
      { kind: 'text', text: 'two ' },
      { kind: 'usage', usage: counts },
    ])
    expect(toStreamEvent(event).parts).toMatchObject([{ kind: 'error', failure: { kind: 'truncated' } }])
  })

  it('says who gave it and how long ago', () => {
    const { source } = replay(stored({ kind: 'whole', text: '{}' }), 'stale', 65_500)
    expect(source).toEqual({ provider: 'openai', model: 'gpt-mini', answer: 'stale', ageMs: 62_500 })
  })

  it('is never younger than nothing, whoever’s clock is ahead', () => {
    expect(replay(stored({ kind: 'whole', text: '{}' }), 'cached', 2_000).source.ageMs).toBe(0)
  })

  it('is not read where it is anything else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readAnswer(text)).toBeNull()
      }),
    )
  })
})
