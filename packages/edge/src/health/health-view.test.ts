import type { Sample } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { HealthView, type HealthAnswer, type Report } from './health-view.ts'

const sample = (candidate: string): Sample => ({ kind: 'first-output', candidate, late: false })
const answer = (
  epoch: number,
  version: number,
  share = 0.5,
  probes: readonly string[] = [],
): HealthAnswer => ({
  epoch,
  snapshot: { version, shares: { a: { share, generation: version } } },
  probes,
})

/** A clock and a sleep that stand still until the test moves them. */
function stage(): {
  now: () => number
  sleep: (ms: number) => Promise<void>
  pass: (ms: number) => Promise<void>
  slept: number[]
} {
  let at = 0
  const sleepers: { due: number; wake: () => void }[] = []
  const slept: number[] = []
  return {
    now: () => at,
    slept,
    sleep: (ms) => {
      slept.push(ms)
      return new Promise((resolve) => sleepers.push({ due: at + ms, wake: resolve }))
    },
    pass: async (ms) => {
      at += ms
      for (const { due, wake } of sleepers) if (due <= at) wake()
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
    },
  }
}

/** A writer of health that keeps what it was told. */
function writer(reply: () => HealthAnswer | Promise<HealthAnswer> = () => answer(1, 1)): {
  report: Report
  told: string[][]
} {
  const told: string[][] = []
  const report: Report = async (samples) => {
    told.push(samples.map(({ candidate }) => candidate))
    return await reply()
  }
  return { report, told }
}

/** A view whose first report is over. */
async function warm(): Promise<HealthView> {
  const view = new HealthView()
  await view.flush(writer(() => answer(1, 1)).report, stage().sleep, () => 0)
  return view
}

describe('what an isolate knows of health', () => {
  it('is nothing at first, which leaves every candidate whole', () => {
    expect(new HealthView().shares).toEqual({ version: 0, shares: {} })
    expect(new HealthView().generationOf('a')).toBe(0)
  })

  it('is told and asked for at once by the first report, and waits for none', async () => {
    const view = new HealthView()
    const { report, told } = writer(() => answer(1, 3, 0.25, ['dead']))
    const { sleep, now, slept } = stage()
    view.note(sample('a'))
    expect(await view.flush(report, sleep, now)).toEqual(['dead'])
    expect(told).toEqual([['a']])
    expect(slept).toEqual([])
    expect(view.shares.shares['a']).toEqual({ share: 0.25, generation: 3 })
    expect(view.generationOf('a')).toBe(3)
  })

  it('is reported in batches: one request waits a quarter of a second for all', async () => {
    const view = await warm()
    const { report, told } = writer()
    const { sleep, now, pass, slept } = stage()
    view.note(sample('a'))
    const first = view.flush(report, sleep, now)
    view.note(sample('b'))
    expect(await view.flush(report, sleep, now)).toEqual([])
    view.note(sample('c'))
    await pass(249)
    expect(told).toEqual([])
    await pass(1)
    await first
    expect(told).toEqual([['a', 'b', 'c']])
    expect(slept).toEqual([250])
  })

  it('is reported without a wait once fifty samples are there', async () => {
    const view = await warm()
    const { report, told } = writer()
    const { sleep, now, pass } = stage()
    const waiting = view.flush(report, sleep, now)
    for (let count = 0; count < 50; count += 1) view.note(sample('a'))
    await view.flush(report, sleep, now)
    expect(told).toHaveLength(1)
    expect(told[0]).toHaveLength(50)
    await pass(250)
    await waiting
  })

  it('is reported by another request when the one that promised to was cut off', async () => {
    const view = await warm()
    const { report, told } = writer()
    const { sleep, now, pass } = stage()
    view.note(sample('a'))
    const cutOff = (): Promise<void> => new Promise(() => undefined)
    void view.flush(report, cutOff, now)
    await pass(999)
    expect(await view.flush(report, sleep, now)).toEqual([])
    await pass(1)
    const taken = view.flush(report, sleep, now)
    await pass(250)
    await taken
    expect(told).toEqual([['a']])
  })

  it('is reported on when samples come while a report is under way', async () => {
    const view = await warm()
    const answered = Promise.withResolvers<HealthAnswer>()
    const { report, told } = writer(() => answered.promise)
    const { sleep, now, pass } = stage()
    view.note(sample('a'))
    const first = view.flush(report, sleep, now)
    await pass(250)
    // The first report is on its way and can't take this sample along.
    view.note(sample('b'))
    const second = view.flush(report, sleep, now)
    await pass(250)
    answered.resolve(answer(1, 2))
    await Promise.all([first, second])
    expect(told).toEqual([['a'], ['b']])
  })

  it('follows newer answers alone, whichever comes last', async () => {
    const view = new HealthView()
    const cases: [number, number, number][] = [
      [5, 2, 2],
      [5, 1, 2],
      [5, 2, 2],
      [4, 9, 2],
      [5, 3, 3],
      [6, 1, 1],
      [5, 9, 1],
    ]
    for (const [epoch, version, expected] of cases) {
      await view.flush(
        writer(() => answer(epoch, version)).report,
        () => Promise.resolve(),
        () => 0,
      )
      expect(view.shares.version).toBe(expected)
    }
  })

  it('stays as it was when the writer can not be reached, and so do the samples, in their order', async () => {
    const view = await warm()
    const before = view.shares
    const wait = (): Promise<void> => Promise.resolve()
    view.note(sample('a'))
    const lost: Report = () => {
      view.note(sample('b'))
      return Promise.reject(new Error('gone'))
    }
    expect(await view.flush(lost, wait, () => 0)).toEqual([])
    expect(view.shares).toBe(before)
    const { report, told } = writer()
    await view.flush(report, wait, () => 0)
    expect(told).toEqual([['a', 'b']])
  })

  it('keeps the five hundred newest samples while nobody takes them', async () => {
    const view = await warm()
    let count = 0
    const noteMany = (many: number): void => {
      for (const end = count + many; count < end; count += 1) view.note(sample(String(count)))
    }
    // Samples keep coming while the report is under way.
    const lost: Report = () => {
      noteMany(200)
      return Promise.reject(new Error('gone'))
    }
    noteMany(600)
    await view.flush(
      lost,
      () => Promise.resolve(),
      () => 0,
    )
    const { report, told } = writer()
    await view.flush(
      report,
      () => Promise.resolve(),
      () => 0,
    )
    expect(told[0]).toHaveLength(500)
    expect(told[0]?.[0]).toBe('300')
    expect(told[0]?.at(-1)).toBe('799')
  })
})
