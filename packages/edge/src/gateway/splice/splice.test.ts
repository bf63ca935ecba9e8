import { failed, parseConfig, success, type Failure } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { callFixture } from '../call.fixture.ts'
import {
  beginAttempt,
  sourceOf,
  type Answer,
  type Attempt,
  type Call,
  type Service,
  type StreamBody,
} from '../call.ts'
import type { Candidate, Candidates } from '../candidate.ts'
import { Purse } from '../purse.ts'
import { setUp } from '../setup.ts'
import { openAiWire } from '../wire/openai/wire.ts'
import type { Part } from '../wire/part.ts'
import { ReplayMemory } from './replay-memory.ts'
import { Said } from './said.ts'
import { splice } from './splice.ts'

const provider = { wire: 'openai', baseUrl: 'https://p.test/v1' } as const
const CONFIG = parseConfig({
  providers: { p: provider, q: provider },
  models: {
    a: { provider: 'p', model: 'a', capabilities: { prefill: true } },
    b: { provider: 'q', model: 'b', capabilities: { prefill: true } },
  },
  routes: { chat: { candidates: ['a', 'b'] } },
  keys: { app: { secretFrom: 'KEY' } },
})
const [route] = setUp(CONFIG, {}).routes
const request = openAiWire.parseRequest({
  model: 'chat',
  stream: true,
  messages: [{ role: 'user', content: 'x' }],
})
if (route === undefined || !request.ok) throw new Error('the cast is broken')
const candidates = route.candidates as unknown as Candidates
const [a, b] = candidates as unknown as readonly [Candidate, Candidate]
const callOf = (more: Partial<Call> = {}): Call => callFixture({ route, request: request.value, ...more })

const BROKEN: Failure = { kind: 'truncated', phase: 'stream', message: '' }
const text = (words: string): Part => ({ kind: 'text', text: words })
const broken: Part = { kind: 'error', failure: BROKEN }
const whole: readonly Part[] = [{ kind: 'finish', reason: 'stop' }, { kind: 'done' }]

const streamOf = (candidate: Candidate, parts: readonly Part[]): Answer => ({
  kind: 'stream',
  source: sourceOf(candidate),
  events: (async function* () {
    for (const part of parts) yield [{ raw: null, parts: [part] }]
  })(),
  leave: () => undefined,
})

interface Cast {
  readonly call: Call
  readonly memory?: ReplayMemory
  /** What those say who are asked to go on. */
  readonly next?: readonly Part[]
}

/** The answer of `first`, and who is asked to go on with it. */
async function run(first: readonly Part[], { call, memory = new ReplayMemory(), next }: Cast) {
  const asked: string[] = []
  const ask: Service<Attempt, Answer> = ({ candidate }) => {
    asked.push(candidate.id)
    return Promise.resolve(next === undefined ? failed(BROKEN) : success(streamOf(candidate, next)))
  }
  const inner: Service<Candidates, Answer> = () => {
    beginAttempt(a, call, 'first')
    return Promise.resolve(success(streamOf(a, first)))
  }
  const outcome = await splice({ purse: new Purse(), memory, ask })(inner)(candidates, call)
  if (!outcome.ok || outcome.value.kind !== 'stream') throw new Error('there is no stream')
  return { body: outcome.value, asked }
}

/** Reads as the writer does: up to an error and no further. */
async function read({ events }: StreamBody): Promise<Part[]> {
  const parts: Part[] = []
  for (let step = await events.next(); step.done !== true; step = await events.next()) {
    parts.push(...step.value.flatMap((event) => event.parts))
    if (parts.some(({ kind }) => kind === 'error')) break
  }
  return parts
}

describe('an answer that breaks off', () => {
  it('is taken up by a candidate that was not asked yet', async () => {
    const { body, asked } = await run([text('one '), broken], {
      call: callOf(),
      next: [text('two'), ...whole],
    })
    expect(await read(body)).toEqual([text('one '), text('two'), ...whole])
    expect(asked).toEqual(['b'])
    expect(body.source).toEqual({ provider: 'q', model: 'b', answer: 'continued' })
  })

  it('leaves its room to others as soon as its failure is told', async () => {
    const memory = new ReplayMemory(5)
    const { body } = await run([text('12345'), broken], { call: callOf(), memory })
    expect((await read(body)).at(-1)).toEqual(broken)
    const other = new Said(memory, Date.now() + 1_000)
    other.read([{ raw: null, parts: [text('12345')] }], Date.now())
    expect(other.text).toBe('12345')
  })

  it('is taken up by one that another attempt had beaten to its first word', async () => {
    const call = callOf()
    const { record } = beginAttempt(b, call, 'hedge')
    record.failure = { kind: 'beaten', phase: 'first-output', message: '' }
    const { body, asked } = await run([text('one '), broken], { call, next: [text('two'), ...whole] })
    expect(await read(body)).toEqual([text('one '), text('two'), ...whole])
    expect(asked).toEqual(['b'])
  })
})
