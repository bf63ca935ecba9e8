import { describe, expect, it } from 'vitest'
import { shardOf, SHARDS } from './shard-of.ts'

describe('the shard of a name', () => {
  it('is the same each time, and one of few', () => {
    expect(shardOf('/browser/a')).toBe(shardOf('/browser/a'))
    expect(shardOf('')).toBeLessThan(SHARDS)
  })

  it.each<[string, (index: number) => string]>([
    ['sessions', (index) => `/browser/${index.toString(36)}`],
    ['sessions that end alike', (index) => `/browser/${index}-0000`],
    ['even endings', (index) => `/browser/${index * 2}`],
  ])('spreads %s evenly', (_name, name) => {
    const counts = Array.from({ length: SHARDS }, () => 0)
    for (let index = 0; index < 8_000; index += 1) {
      const shard = shardOf(name(index))
      counts[shard] = (counts[shard] ?? 0) + 1
    }
    for (const count of counts) expect(count).toBeGreaterThan(1_600)
  })
})
