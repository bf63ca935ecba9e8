import { isDeepStrictEqual } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PhaseTimer } from './phase-timer.ts'
import { watchForStall } from './watch-for-stall.ts'
import type { Part, PartStream, StreamEvent } from '../wire/part.ts'

const GAP = 1_000
const EXPIRED = { kind: 'expired', phase: 'stream', atLast: false }

beforeEach(() => void vi.useFakeTimers({ now: 0 }))
afterEach(() => void vi.useRealTimers())

const TEXT: Part = { kind: 'text', text: 'a' }
const FINISH: Part = { kind: 'finish', reason: 'stop' }
const EMPTY: Part = { kind: 'text', text: '' }
const USAGE: Part = { kind: 'usage', usage: { inputTokens: 1, outputTokens: 1, cachedInputTokens: 0 } }
const batchOf = (...parts: readonly Part[]): readonly StreamEvent[] => [{ raw: null, parts }]

/** A provider that sends when it is told to, and whose stream breaks as soon as the timer aborts it. */
function provider(
  lastAt = 1_000_000,
  gapMs = GAP,
): {
  send: (...parts: readonly Part[]) => void
  close: () => void
  read: () => Promise<IteratorResult<readonly StreamEvent[], void>>
  watched: PartStream
  released: () => number
} {
  const timer = new PhaseTimer(lastAt)
  timer.arm('first-output', gapMs)
  const queue: (readonly StreamEvent[] | null)[] = []
  let wake = Promise.withResolvers<void>()
  const put = (item: readonly StreamEvent[] | null): void => {
    queue.push(item)
    wake.resolve()
    wake = Promise.withResolvers()
  }
  async function* source(): PartStream {
    for (;;) {
      // As a body does: once it is aborted, even what had come is lost.
      if (timer.signal.aborted) throw timer.signal.reason as Error
      const item = queue.shift()
      if (item === null) return
      if (item !== undefined) {
        yield item
        continue
      }
      const aborted = new Promise<never>((_, reject) => {
        const fail = (): void => reject(timer.signal.reason as Error)
        if (timer.signal.aborted) fail()
        else timer.signal.addEventListener('abort', fail)
      })
      await Promise.race([wake.promise, aborted])
    }
  }
  let released = 0
  const release = (): void => {
    released += 1
    timer.stop()
  }
  const watched = watchForStall(timer, gapMs, release)(source())
  return {
    send: (...parts) => put(batchOf(...parts)),
    close: () => put(null),
    read: () => watched.next(),
    watched,
    released: () => released,
  }
}

/** Whether a read is still waiting `ms` later. */
async function waitsFor(read: Promise<unknown>, ms: number): Promise<boolean> {
  let waiting = true
  void failureOf(read).finally(() => (waiting = false))
  await vi.advanceTimersByTimeAsync(ms)
  return waiting
}

/** Reads on, and tells whether the stream is given up after exactly so long. */
async function stallsAfter(read: () => Promise<unknown>, ms: number): Promise<boolean> {
  const next = read()
  if (!(await waitsFor(next, ms - 1))) return false
  const failure = failureOf(next)
  await vi.advanceTimersByTimeAsync(1)
  return isDeepStrictEqual(await failure, EXPIRED)
}

/** What a read fails with, or null. */
const failureOf = (read: Promise<unknown>): Promise<unknown> =>
  read.then(
    () => null,
    (error: unknown) => error,
  )

describe('watching for a stall', () => {
  it('ends a stream that falls silent between two outputs, once the gap is over', async () => {
    const { send, read, released } = provider()
    send(TEXT)
    await read()
    const next = read()
    expect(await waitsFor(next, GAP - 1)).toBe(true)
    const failure = failureOf(next)
    await vi.advanceTimersByTimeAsync(1)
    expect(await failure).toEqual(EXPIRED)
    expect(released()).toBe(1)
  })

  it('lets a stream go on for as long as its outputs keep coming', async () => {
    const { send, read, close, released } = provider()
    for (let output = 0; output < 20; output += 1) {
      const next = read()
      expect(await waitsFor(next, GAP - 1)).toBe(true)
      send(TEXT)
      expect((await next).done).toBe(false)
    }
    close()
    expect((await read()).done).toBe(true)
    expect(released()).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each<[string, Part[]]>([
    ['pings', []],
    ['roles', [{ kind: 'start', id: 'a', model: 'm' }]],
    ['empty words', [EMPTY]],
    ['token counts', [USAGE]],
  ])('takes %s for no output', async (_, parts) => {
    const { send, read } = provider()
    send(TEXT)
    await read()
    const beats: Promise<unknown>[] = []
    for (let beat = 0; beat < 3; beat += 1) {
      const next = read()
      await vi.advanceTimersByTimeAsync(300)
      send(...parts)
      await next
      beats.push(next)
    }
    const last = read()
    const failure = failureOf(last)
    await vi.advanceTimersByTimeAsync(100)
    expect(await failure).toEqual(EXPIRED)
  })

  it('does not blame the provider for a slow reader', async () => {
    const { send, read } = provider()
    send(TEXT)
    await read()
    send(TEXT)
    await vi.advanceTimersByTimeAsync(GAP * 50)
    expect((await read()).done).toBe(false)
    await vi.advanceTimersByTimeAsync(GAP * 50)
    send(TEXT)
    expect((await read()).done).toBe(false)
  })

  it('ends even a slow reader at the last instant', async () => {
    const { send, read } = provider(5_000)
    send(TEXT)
    await read()
    await vi.advanceTimersByTimeAsync(6_000)
    await expect(read()).rejects.toEqual({ ...EXPIRED, atLast: true })
  })

  it.each([
    [10_000, 2_000],
    [2_001, 2_000],
    [500, 500],
  ])('waits, at a gap of %i ms, %i ms at most after the finish marker', async (gapMs, waitMs) => {
    const { send, read } = provider(1_000_000, gapMs)
    send(TEXT, FINISH)
    await read()
    expect(await stallsAfter(read, waitMs)).toBe(true)
  })

  it('waits no longer for what still comes after the finish marker', async () => {
    const { send, read } = provider(1_000_000, 10_000)
    send(FINISH)
    await read()
    for (const late of [FINISH, USAGE, EMPTY]) {
      const next = read()
      await vi.advanceTimersByTimeAsync(500)
      send(late)
      await next
    }
    expect(await stallsAfter(read, 500)).toBe(true)
  })

  it.each<[string, Part]>([
    ['words', TEXT],
    ['output of another kind', { kind: 'other' }],
  ])('waits for the whole gap again once %s have followed a finish marker', async (_, output) => {
    const { send, read } = provider(1_000_000, 10_000)
    send(FINISH)
    await read()
    await vi.advanceTimersByTimeAsync(1_000)
    send(output)
    await read()
    expect(await stallsAfter(read, 10_000)).toBe(true)
  })

  it('takes the next marker of a stream whose first one was wrong for no sign of the end', async () => {
    const { send, read } = provider(1_000_000, 10_000)
    for (let chunk = 0; chunk < 3; chunk += 1) {
      send(TEXT, FINISH)
      await read()
    }
    expect(await stallsAfter(read, 10_000)).toBe(true)
  })

  it('lets go when its reader stops', async () => {
    const { send, read, watched, released } = provider()
    send(TEXT)
    await read()
    await watched.return()
    expect(released()).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})
