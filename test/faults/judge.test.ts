import type { Attempt } from '@paceline/mock-provider'
import { describe, expect, it } from 'vitest'
import { judge, type Played } from '../../scripts/faults/judge.ts'
import type { Ask } from '../../scripts/faults/schedule.ts'
import type { Seen } from '../support/ask.ts'

/** The judge of random faults, before whom each kind of wrong is brought once. */
const ASK: Ask = { tag: '<1.1.1.1>', client: 'openai', stream: true, tool: false }

const seen = (more: Partial<Seen>): Seen => ({
  status: 200,
  headers: new Headers(),
  text: 'one two three',
  toolInput: '',
  outputTokens: null,
  tookMs: 10,
  ending: 'complete',
  message: null,
  paceline: { answer: 'complete', attempts: 1 },
  raw: '',
  ...more,
})

const WHOLE = ['one', ' two', ' three']
const attempt = (more: Partial<Played['attempts'][number]> = {}): Played['attempts'][number] =>
  ({
    pieces: WHOLE,
    tokensSent: 3,
    status: 200,
    fault: null,
    planned: [],
    ending: 'complete',
    ...more,
  }) as unknown as Attempt & { planned: [] }

const cutOff = attempt({ tokensSent: 2, fault: 'cut', planned: [{ kind: 'cut', afterTokens: 2 }] })
const incomplete = { ending: 'incomplete', message: 'm' } as const
const account = (answer: string, attempts = 1) => ({ paceline: { answer, attempts } })
const goneOn = attempt({ pieces: [' and', ' on'], tokensSent: 2 })

describe('the judge', () => {
  it.each<[string, Ask, Partial<Seen>, Played['attempts']]>([
    ['a whole answer', ASK, {}, [attempt()]],
    ['a beginning that says so', ASK, { ...incomplete, text: 'one two', ...account('incomplete') }, [cutOff]],
    [
      'less than was sent, as long as it says so',
      ASK,
      { ...incomplete, text: 'one', ...account('incomplete') },
      [cutOff],
    ],
    [
      'a beginning that another provider went on from',
      ASK,
      { text: 'one two and on', ...account('continued', 2) },
      [cutOff, goneOn],
    ],
    [
      'a tool call, however its JSON is spaced',
      { ...ASK, tool: true },
      { text: '', toolInput: '{"a": 1}' },
      [attempt({ pieces: ['{"a"', ':1}'] })],
    ],
  ])('lets pass %s', (_, ask, what, attempts) => {
    expect(judge({ ask, seen: seen(what), attempts })).toEqual([])
  })

  it.each<[string, Partial<Seen>, Played['attempts'], string]>([
    ['a beginning that calls itself whole', { text: 'one two' }, [cutOff], 'no provider said it so'],
    ['words that nobody said', { text: 'one two four' }, [attempt()], 'no provider said it so'],
    [
      'an answer that was put together and does not say so',
      { text: 'one two and on', ...account('complete', 2) },
      [cutOff, goneOn],
      'no provider said it so',
    ],
    [
      'an answer with a hole where it goes on',
      { text: 'one and on', ...account('continued', 2) },
      [attempt({ pieces: ['two'], tokensSent: 1 }), goneOn],
      'no provider said it so',
    ],
    [
      'a beginning that says more than was sent',
      { ...incomplete, text: 'one two three', ...account('incomplete') },
      [cutOff],
      'no provider said',
    ],
    [
      'an incomplete answer that no fault explains',
      { ...incomplete, text: 'one', ...account('incomplete') },
      [attempt({ fault: 'cut', planned: [{ kind: 'cut', afterTokens: 0 }] })],
      'before the first output',
    ],
    [
      'an error beside its own account of a whole answer',
      { ...incomplete, text: 'one two' },
      [cutOff],
      'calls itself',
    ],
    [
      'an error with the end of a whole answer',
      { ...incomplete, text: 'one two', raw: 'data: [DONE]', ...account('incomplete') },
      [cutOff],
      'own end',
    ],
    ['an end without a word', { ending: 'cut', text: 'one two' }, [cutOff], 'without an ending'],
    ['a refusal beside a healthy provider', { status: 503, ending: 'error' }, [attempt()], 'status 503'],
    [
      'more attempts than are allowed',
      account('complete', 5),
      Array.from({ length: 5 }, () => attempt()),
      '5 attempts',
    ],
    ['fewer attempts than the providers saw', {}, [attempt(), attempt()], 'says 1 attempts'],
    ['a long wait', { tookMs: 100_000 }, [attempt()], 'took 100000 ms'],
  ])('names %s', (_, what, attempts, words) => {
    expect(judge({ ask: ASK, seen: seen(what), attempts }).join()).toContain(words)
  })
})
