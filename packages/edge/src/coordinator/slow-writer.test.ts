import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SlowWriter } from './slow-writer.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the slow writer', () => {
  it('writes at once, then only the newest of what came meanwhile, and never faster than its place allows', async () => {
    const written: [string, number][] = []
    const start = Date.now()
    const writer = new SlowWriter((text) => {
      written.push([text, Date.now() - start])
      return Promise.resolve()
    }, 1_100)
    for (const text of ['a', 'b', 'c']) writer.write(text)
    await vi.advanceTimersByTimeAsync(1_000)
    writer.write('d')
    await vi.advanceTimersByTimeAsync(10_000)
    writer.write('e')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(written).toEqual([
      ['a', 0],
      ['d', 1_100],
      ['e', 11_000],
    ])
  })

  it('goes on after a write that failed', async () => {
    const tried: string[] = []
    const writer = new SlowWriter((text) => {
      tried.push(text)
      return Promise.reject(new Error('out'))
    }, 1_100)
    writer.write('a')
    await vi.advanceTimersByTimeAsync(2_000)
    writer.write('b')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(tried).toEqual(['a', 'b'])
  })
})
