import type { PacelineEvent } from '@paceline/core'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Clock } from '../clock.ts'
import { Coalescer } from './coalescer.ts'
import { EventQueue } from './event-queue.ts'
import { Reporter } from './reporter.ts'

const eventOf = (number: number): PacelineEvent => ({ id: String(number) }) as unknown as PacelineEvent

describe('EventQueue', () => {
  it('keeps the newest in their order, and counts what it loses', () => {
    const act = fc.oneof(fc.constant('push'), fc.constant('take'), fc.constant('fail'))
    fc.assert(
      fc.property(fc.array(act), (acts) => {
        const queue = new EventQueue(5)
        let pushed = 0
        let taken = 0
        for (const act of acts) {
          if (act === 'push') queue.push(eventOf((pushed += 1)))
          else {
            const batch = queue.take(3)
            if (act === 'fail') queue.putBack(batch)
            else taken += batch.length
          }
          expect(queue.length + taken + queue.dropped).toBe(pushed)
          expect(queue.length).toBeLessThanOrEqual(5)
        }
        const rest = queue.take(9).map(({ id }) => Number(id))
        expect(rest).toEqual(rest.map((_, index) => pushed - rest.length + 1 + index))
      }),
    )
  })
})

describe('Coalescer', () => {
  it('lets the same thing through once in its window, and other things at once', () => {
    const coalescer = new Coalescer(1_000)
    const passed = [0, 1, 999, 1_000].map((now) => coalescer.passes('a', now))
    expect(passed).toEqual([true, false, false, true])
    expect(coalescer.passes('b', 1_000)).toBe(true)
  })
})

const clock: Clock = {
  now: () => performance.now(),
  epochNow: () => Date.now(),
  random: () => 0.5,
  after(waitMs, run) {
    const timer = setTimeout(run, waitMs)
    return () => clearTimeout(timer)
  },
}

describe('Reporter', () => {
  const batches: { readonly ids: readonly string[]; readonly at: number }[] = []
  const warn = vi.fn<(problem: string) => void>()
  const onNewest = vi.fn<(version: object) => void>()
  let answers: (() => Response)[]

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 })
    batches.length = 0
    answers = []
    warn.mockClear()
    vi.stubGlobal('fetch', (_url: URL, init: RequestInit) => {
      const events = JSON.parse(init.body as string) as readonly PacelineEvent[]
      batches.push({ ids: events.map(({ id }) => id), at: Date.now() })
      const accepted = events.map(({ id }) => ({ id, verdict: 'accepted' }))
      const answer = answers.shift() ?? (() => Response.json({ verdicts: accepted, directives: null }))
      return Promise.resolve(answer())
    })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  const startReporter = (): Reporter =>
    new Reporter({
      address: { url: 'https://edge.test', key: 'k' },
      name: 'n',
      clock,
      warn,
      onNewest,
    })
  const shed = { critical: 0, interactive: 1, background: 0, bulk: 0, overMs: 1 }

  it('sends what comes within a second as one batch', async () => {
    const reporter = startReporter()
    for (let count = 0; count < 3; count += 1) reporter.report('server.requests.shed', shed)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(batches.map(({ ids }) => ids.length)).toEqual([3])
    expect(reporter.counts).toEqual({ waiting: 0, lost: 0 })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('sends a batch that may be lost again, with the same ids', async () => {
    const reporter = startReporter()
    const breaks = (): never => {
      throw new TypeError('fetch failed')
    }
    answers = [breaks, () => new Response(null, { status: 500 })]
    reporter.report('server.requests.shed', shed)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(batches).toHaveLength(3)
    expect(new Set(batches.map(({ ids }) => ids.join())).size).toBe(1)
  })

  it('waits as long as the edge asks for', async () => {
    const reporter = startReporter()
    answers = [() => new Response(null, { status: 429, headers: { 'retry-after': '20' } })]
    reporter.report('server.requests.shed', shed)
    await vi.advanceTimersByTimeAsync(60_000)
    const [first, second] = batches
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(20_000)
    expect(batches).toHaveLength(2)
  })

  it('keeps a batch that fails for longer, and comes back to it', async () => {
    const reporter = startReporter()
    answers = Array.from({ length: 7 }, () => () => new Response(null, { status: 503 }))
    reporter.report('server.requests.shed', shed)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(batches).toHaveLength(8)
    expect(reporter.counts).toEqual({ waiting: 0, lost: 0 })
    expect(warn).toHaveBeenCalledWith('The edge answered POST /events with 503.')
  })

  it('does not repeat what would be refused again, and counts it', async () => {
    const reporter = startReporter()
    answers = [() => new Response(null, { status: 400 })]
    reporter.report('server.requests.shed', shed)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(batches).toHaveLength(1)
    expect(reporter.counts).toEqual({ waiting: 0, lost: 1 })
  })

  it('hands on which directives are the newest', async () => {
    const reporter = startReporter()
    answers = [() => Response.json({ verdicts: [], directives: { epoch: 1, version: 7 } })]
    reporter.report('server.requests.shed', shed)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(onNewest).toHaveBeenCalledWith({ epoch: 1, version: 7 })
  })

  it('makes one last attempt when it closes, even in the middle of a long wait, and none after that', async () => {
    const reporter = startReporter()
    answers = [() => new Response(null, { status: 503, headers: { 'retry-after': '60' } })]
    reporter.report('server.requests.shed', shed)
    await vi.advanceTimersByTimeAsync(5_000)
    reporter.report('server.requests.shed', shed)
    await reporter.close()
    expect(batches.at(-1)?.ids).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(batches).toHaveLength(2)
  })
})
