import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryStore } from './memory-store.ts'
import { weightOf, type StoredAnswer } from './stored-answer.ts'

const answer = (text: string): StoredAnswer => ({
  provider: 'p',
  model: 'm',
  askedAt: 1,
  givenAt: 2,
  body: { kind: 'whole', text },
})

describe('the memory of an isolate', () => {
  it('forgets first what nobody has asked for the longest', async () => {
    const store = new MemoryStore(() => 0, { entries: 2, bytes: 100_000 })
    await store.put('a', answer('a'), 1_000)
    await store.put('b', answer('b'), 1_000)
    await store.get('a')
    await store.put('c', answer('c'), 1_000)
    expect(store.peek('b')).toBeNull()
    expect([store.peek('a'), store.peek('c')]).toEqual([answer('a'), answer('c')])
  })

  it('never holds more entries or bytes than it may', async () => {
    const limits = { entries: 5, bytes: 8_000 }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), fc.nat(5_000)), {
          maxLength: 40,
        }),
        async (puts) => {
          const store = new MemoryStore(() => 0, limits)
          for (const [key, size] of puts) await store.put(key, answer('x'.repeat(size)), 1_000)
          const held = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].flatMap((key) => store.peek(key) ?? [])
          expect(held.length).toBeLessThanOrEqual(limits.entries)
          expect(held.reduce((sum, one) => sum + weightOf(one), 0)).toBeLessThanOrEqual(limits.bytes)
        },
      ),
    )
  })

  it('forgets what has had its time', async () => {
    let now = 0
    const store = new MemoryStore(() => now)
    await store.put('a', answer('a'), 1_000)
    now = 999
    expect(await store.get('a')).toEqual(answer('a'))
    now = 1_000
    expect(await store.get('a')).toBeNull()
  })
})
