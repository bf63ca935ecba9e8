import { describe, expect, it } from 'vitest'
import { composeAnswer, type AnswerSource } from './compose-answer.ts'
import type { Prompt } from './prompt.ts'

const user = { role: 'user', text: 'Why ride in a line?', callsTools: false } as const
const prompt: Prompt = {
  model: 'm',
  stream: true,
  messages: [user],
  tools: [],
  toolChoice: 'auto',
  maxTokens: null,
  stopSequences: [],
  outputSchema: null,
  includeUsage: true,
}
const source: AnswerSource = { seed: 1, name: 'north', attempt: 1, texts: [], earlierTexts: [] }
const weather = {
  name: 'weather',
  schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}

const textOf = (asked: Prompt, from: AnswerSource): string =>
  composeAnswer(asked, from).answer.pieces.join('')
const after = (prefill: string): Prompt => ({
  ...prompt,
  messages: [user, { role: 'assistant', text: prefill, callsTools: false }],
})

describe('composeAnswer', () => {
  it('says the same for the same seed, name, attempt and question', () => {
    expect(composeAnswer(prompt, source)).toEqual(composeAnswer(prompt, { ...source }))
  })

  it('says something else for another provider, attempt or seed', () => {
    const changes = [
      {},
      ...['south', 'east', 'west'].map((name) => ({ name })),
      ...[2, 3, 4, 5].map((attempt) => ({ attempt })),
      { seed: 2 },
    ]
    const texts = changes.map((change) => textOf(prompt, { ...source, ...change }))
    expect(new Set(texts).size).toBe(texts.length)
  })

  it('cuts text into words with the space before them', () => {
    const { pieces } = composeAnswer(prompt, { ...source, texts: ['One  two\nthree.'] }).answer
    expect(pieces).toEqual(['One', '  two', '\nthree.'])
  })

  it('fills in templates once, so that a question cannot ask for more', () => {
    const asked = { ...prompt, messages: [{ ...user, text: '{attempt}' }] }
    expect(textOf(asked, { ...source, attempt: 7, texts: ['{provider} {attempt} {prompt}'] })).toBe(
      'north 7 {attempt}',
    )
  })

  it('goes on from a text of its own', () => {
    const whole = textOf(prompt, source)
    for (const length of [1, 20, 33, whole.length - 1]) {
      const rest = textOf(after(whole.slice(0, length)), {
        ...source,
        attempt: 9,
        earlierTexts: ['x', whole],
      })
      expect(whole.slice(0, length) + rest).toBe(whole)
    }
  })

  it('leads out of a foreign text without starting over', () => {
    const inSentence = textOf(after('The wind was'), source)
    const afterSentence = textOf(after('The wind was up.'), source)
    expect(inSentence).toMatch(/^ [a-z]/)
    expect(afterSentence).toMatch(/^ [A-Z]/)
    expect(afterSentence).not.toContain('north')
  })

  it('stops at the token limit, and before a stop sequence', () => {
    const texts = ['one two three four']
    expect(composeAnswer({ ...prompt, maxTokens: 2 }, { ...source, texts }).answer).toMatchObject({
      pieces: ['one', ' two'],
      stop: 'length',
      usage: { outputTokens: 2 },
    })
    expect(composeAnswer({ ...prompt, maxTokens: 4 }, { ...source, texts }).answer).toMatchObject({
      stop: 'end',
    })
    expect(
      composeAnswer({ ...prompt, stopSequences: ['four', 'three'] }, { ...source, texts }).answer,
    ).toMatchObject({
      pieces: ['one', ' two '],
      stop: 'stop-sequence',
      stopSequence: 'three',
    })
  })

  it('calls a tool when the user spoke last, and talks otherwise', () => {
    const withTools = { ...prompt, tools: [weather] }
    const called = composeAnswer(withTools, source).answer
    expect(called).toMatchObject({ type: 'tool-call', tool: 'weather', stop: 'tool-call' })
    expect(called.pieces.length).toBeGreaterThan(1)
    expect(JSON.parse(called.pieces.join(''))).toEqual({ city: expect.any(String) as unknown })

    const returned = [user, { role: 'tool', text: 'rain', callsTools: false }] as const
    expect(composeAnswer({ ...withTools, messages: returned }, source).answer.type).toBe('text')
    expect(composeAnswer({ ...withTools, toolChoice: 'none' }, source).answer.type).toBe('text')
  })

  it('answers in JSON when a schema is given', () => {
    expect(JSON.parse(textOf({ ...prompt, outputSchema: weather.schema }, source))).toEqual({
      city: expect.any(String) as unknown,
    })
  })
})
