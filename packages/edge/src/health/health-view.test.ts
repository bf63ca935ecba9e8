import { NEWCOMER, type Sample } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { HealthView, type HealthAnswer, type Report } from './health-view.ts'

const sample = (candidate: string): Sample => ({
  kind: 'first-output',
  candidate,
  route: 'chat',
  origin: 'gateway',
  beaten: false,
  promptSize: 0,
  ms: 100,
  late: false,
  directives: 0,
})
const answer = (
  epoch: number,
  version: number,
  share = 0.5,
  probes: readonly string[] = [],
): HealthAnswer => ({
  epoch,
  snapshot: { version, shares: { a: { ...NEWCOMER, share, generation: version } } },
  probes: probes.map((candidate) => ({ candidate, route: null })),
  directives: null,
  directivesAgeMs: 0,
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
    expect(new HealthView().generationOf('a')).toBeNull()
  })

  it('is told and asked for at once by the first report, and waits for none', async () => {
    const view = new HealthView()
    const { report, told } = writer(() => answer(1, 3, 0.25, ['dead']))
    const { sleep, now, slept } = stage()
    view.note(sample('a'))
    expect(await view.flush(report, sleep, now)).toEqual([{ candidate: 'dead', route: null }])
    expect(told).toEqual([['a']])
    expect(slept).toEqual([])
    expect(view.shares.shares['a']).toEqual({ ...NEWCOMER, share: 0.25, generation: 3 })
    expect(view.generationOf('a')).toBe(3)
    // Once something is heard, a candidate of which nothing is said is one that is new.
    expect(view.generationOf('b')).toBe(0)
  })

  it('holds little of what pages saw, so that it can not crowd out what the gateway saw itself', async () => {
    const view = await warm()
    const { report, told } = writer()
    view.note(sample('own'))
    for (let page = 0; page < 2_000; page += 1) view.note({ kind: 'shown', candidate: 'told', late: true })
    await view.flush(report, stage().sleep, () => 0)
    const [samples = []] = told
    expect([samples[0], samples.length]).toEqual(['own', 101])
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
    await view.flush(report, wait, () => 1_000)
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
      () => 1_000,
    )
    expect(told[0]).toHaveLength(500)
    expect(told[0]?.[0]).toBe('300')
    expect(told[0]?.at(-1)).toBe('799')
  })
})

describe('a writer of health that fails', () => {
  const lost: Report = () => Promise.reject(new Error('gone'))
  const atOnce = (): Promise<void> => Promise.resolve()
  const noteFifty = (view: HealthView): void => {
    for (let count = 0; count < 50; count += 1) view.note(sample('a'))
  }

  /** Whether a flush at this instant reaches the writer. */
  async function reaches(view: HealthView, at: number, outcome: Report = lost): Promise<boolean> {
    let asked = false
    const report: Report = (samples) => {
      asked = true
      return outcome(samples, { epoch: 0, version: 0 }, {})
    }
    await view.flush(report, atOnce, () => at)
    return asked
  }

  it('is left alone for a second, then twice as long after each failure, up to half a minute', async () => {
    const view = await warm()
    let at = 0
    expect(await reaches(view, at)).toBe(true)
    for (const restMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      expect(await reaches(view, at + restMs - 1)).toBe(false)
      at += restMs
      expect(await reaches(view, at)).toBe(true)
    }
  })

  it('is left alone for a second again after a report that succeeded between', async () => {
    const view = await warm()
    await reaches(view, 0)
    await reaches(view, 1_000)
    expect(await reaches(view, 3_000, writer().report)).toBe(true)
    expect(await reaches(view, 3_000)).toBe(true)
    expect(await reaches(view, 3_999)).toBe(false)
    expect(await reaches(view, 4_000)).toBe(true)
  })

  it('is not disturbed by a full batch', async () => {
    const view = await warm()
    await reaches(view, 0)
    noteFifty(view)
    expect(await reaches(view, 999)).toBe(false)
    expect(await reaches(view, 1_000)).toBe(true)
  })

  it('is not disturbed by a request that had promised to send before it failed', async () => {
    const view = await warm()
    const { report, told } = writer()
    const { sleep, now, pass } = stage()
    view.note(sample('a'))
    const promised = view.flush(report, sleep, now)
    noteFifty(view)
    await view.flush(lost, sleep, now)
    await pass(250)
    expect(await promised).toEqual([])
    expect(told).toEqual([])
    await pass(750)
    await view.flush(report, sleep, now)
    expect(told.map((samples) => samples.length)).toEqual([51])
  })

  it('keeps an isolate that has heard nothing from waiting for it', async () => {
    const view = new HealthView()
    await reaches(view, 0)
    expect(await reaches(view, 999)).toBe(false)
    expect(view.generationOf('a')).toBeNull()
    expect(await reaches(view, 1_000, writer().report)).toBe(true)
    expect(view.generationOf('a')).toBe(1)
  })
})
