import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { AnswerStore } from './answer-store.ts'
import { spellEvent } from './event-text.ts'
import { KvStore } from './kv-store.ts'
import { MemoryStore } from './memory-store.ts'
import type { StoredAnswer } from './stored-answer.ts'

const namespace = (env as unknown as { ANSWERS: KVNamespace }).ANSWERS
/** KV is shared by the tests of this file. */
const freshKey = (): string => crypto.randomUUID()

const whole: StoredAnswer = {
  provider: 'openai',
  model: 'gpt-mini',
  askedAt: 1_000,
  givenAt: 1_500,
  body: { kind: 'whole', text: '{"choices":[{"message":{"content":"Grüße 🚴"}}]}' },
}
const streamed: StoredAnswer = {
  ...whole,
  body: {
    kind: 'stream',
    events: [
      spellEvent([{ kind: 'start', id: 'c', model: 'm' }]),
      spellEvent([{ kind: 'reasoning', text: 'hm' }]),
      spellEvent([{ kind: 'text', text: 'Grü' }]),
      spellEvent([{ kind: 'text', text: 'ße 🚴' }]),
      spellEvent([
        { kind: 'usage', usage: { inputTokens: 3, outputTokens: 2, cachedInputTokens: 1 } },
        { kind: 'finish', reason: 'stop' },
      ]),
      spellEvent([{ kind: 'done' }]),
    ],
  },
}

const FINISH = spellEvent([{ kind: 'finish', reason: 'stop' }])

let now = 0
const STORES: readonly (readonly [string, () => AnswerStore])[] = [
  ['memory', () => new MemoryStore(() => now)],
  ['KV', () => new KvStore(namespace, () => now)],
]

describe.each(STORES)('answers kept in %s', (_name, open) => {
  it.each([whole, streamed])('come back as they were ($body.kind)', async (answer) => {
    const store = open()
    const key = freshKey()
    await store.put(key, answer, 60_000)
    expect(await store.get(key)).toEqual(answer)
  })

  it('are found under their own key alone', async () => {
    const store = open()
    const key = freshKey()
    await store.put(key, whole, 60_000)
    expect(await store.get(freshKey())).toBeNull()
    expect(await store.get(`${key}x`)).toBeNull()
  })

  it('give way to newer ones', async () => {
    const store = open()
    const key = freshKey()
    await store.put(key, whole, 60_000)
    now += 2_000
    await store.put(key, { ...streamed, givenAt: 9_000 }, 60_000)
    expect(await store.get(key)).toEqual({ ...streamed, givenAt: 9_000 })
  })

  it('may be of use for a moment only', async () => {
    const store = open()
    const key = freshKey()
    await store.put(key, whole, 1)
    await expect(store.get(key)).resolves.toEqual(whole)
  })

  it('may be large', async () => {
    const store = open()
    const key = freshKey()
    const large: StoredAnswer = { ...whole, body: { kind: 'whole', text: 'ü'.repeat(131_072) } }
    await store.put(key, large, 60_000)
    expect(await store.get(key)).toEqual(large)
  })
})

describe('KV', () => {
  it.each([
    '',
    'not JSON',
    'null',
    '[]',
    '{"provider":"p"}',
    JSON.stringify({ ...whole, extra: 1 }),
    JSON.stringify({ ...whole, givenAt: 'yesterday' }),
    JSON.stringify({ ...whole, body: { kind: 'stream', events: ['tcut off'] } }),
    JSON.stringify({ ...whole, body: { kind: 'stream', events: [FINISH, 'damaged'] } }),
    JSON.stringify({ ...whole, body: { kind: 'stream', events: [FINISH.replace('stop', 'length')] } }),
    JSON.stringify({
      ...whole,
      body: {
        kind: 'stream',
        events: [JSON.stringify([{ kind: 'tool-call', index: 0, id: 'c', name: 'f' }]), FINISH],
      },
    }),
  ])('holds nothing where somebody has put %j', async (text) => {
    const key = freshKey()
    await namespace.put(`answer:${key}`, text)
    expect(await new KvStore(namespace, () => now).get(key)).toBeNull()
  })

  it('is told for how long an answer is of use, a minute at least', async () => {
    const store = new KvStore(namespace, () => now)
    const [brief, long] = [freshKey(), freshKey()]
    await store.put(brief, whole, 1_000)
    await store.put(long, whole, 3_600_000)
    const { keys } = await namespace.list({ prefix: 'answer:' })
    const restS = (key: string): number =>
      (keys.find(({ name }) => name === `answer:${key}`)?.expiration ?? 0) - Date.now() / 1_000
    expect(restS(brief)).toBeGreaterThan(50)
    expect(restS(brief)).toBeLessThanOrEqual(61)
    expect(restS(long)).toBeGreaterThan(3_500)
  })

  it('is written to once a second for each key', async () => {
    const store = new KvStore(namespace, () => now)
    const [key, other] = [freshKey(), freshKey()]
    await store.put(key, whole, 60_000)
    now += 999
    await store.put(key, streamed, 60_000)
    await store.put(other, streamed, 60_000)
    expect(await store.get(key)).toEqual(whole)
    expect(await store.get(other)).toEqual(streamed)
    now += 1
    await store.put(key, streamed, 60_000)
    expect(await store.get(key)).toEqual(streamed)
  })

  it('breaks no request where it is out', async () => {
    const out = {
      get: () => Promise.reject(new Error('KV is out')),
      put: () => Promise.reject(new Error('KV is out')),
    } as unknown as KVNamespace
    const store = new KvStore(out, () => now)
    await expect(store.get('a')).resolves.toBeNull()
    await expect(store.put('a', whole, 60_000)).resolves.toBeUndefined()
  })
})
