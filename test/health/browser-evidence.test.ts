import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../support/ask.ts'
import { BROWSER, send, shown } from '../support/events.ts'
import { seal } from '../support/receipt.ts'
import { startStack, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ worker: 'worker-at-leisure.ts' })
  for (const provider of [stack.openai, stack.anthropic])
    provider.configure({ delays: { firstTokenMs: 200 } })
})
afterAll(() => stack.close())

const ENTRY = /paceline;desc="([\w-]{16}\.[\w-]+)\.(\d+-\d+)"/
/** Pages that wait for longer than the target of the routes, 10 s. */
const LATE_MS = 30_000

/** Asks so many times, and gives the proofs of the answers. */
async function askTimes(route: string, times: number): Promise<string[]> {
  const proofs: string[] = []
  for (let asked = 0; asked < times; asked += 20) {
    const group = await Promise.all(
      Array.from({ length: 20 }, () => ask(stack, 'openai', route, { stream: true })),
    )
    for (const { headers } of group) proofs.push(ENTRY.exec(headers.get('server-timing') ?? '')?.[1] ?? '')
  }
  return proofs
}

let told = 0
/** Tells of each call as a page of its own would; what became of them, counted. */
async function tell(proofs: readonly string[], ttfvtMs: number): Promise<Record<string, number>> {
  const verdicts = await send(
    stack,
    BROWSER,
    proofs.map((proof) => {
      told += 1
      return shown(`event-${told}`, { ttfvtMs, proof }, { source: `/browser/page-${told}` })
    }),
  )
  const counts: Record<string, number> = {}
  for (const { evidence = 'none' } of verdicts) counts[evidence] = (counts[evidence] ?? 0) + 1
  return counts
}

/** How many of so many requests the first provider of the route gets. */
async function leads(route: string, requests: number): Promise<number> {
  const before = stack.asked('openai', route).length
  await askTimes(route, requests)
  return stack.asked('openai', route).length - before
}

describe('what pages prove of a provider', () => {
  it('takes some of its share, and never more than half', async () => {
    const route = stack.freshRoute('oa')
    for (let round = 0; round < 3; round += 1) await tell(await askTimes(route, 20), 100)
    expect(await leads(route, 20)).toBe(20)
    let rounds = 0
    for (; stack.asked('anthropic', route).length < 10; rounds += 1) {
      if (rounds > 40) throw new Error('it never came to move anything')
      expect(await tell(await askTimes(route, 20), LATE_MS)).toEqual({ counted: 20 })
    }
    for (let round = 0; round < 12; round += 1) await tell(await askTimes(route, 20), LATE_MS)
    const led = await leads(route, 200)
    // Half of them, and six standard deviations.
    expect(led).toBeGreaterThanOrEqual(100 - 43)
    expect(led).toBeLessThan(190)
  }, 60_000)

  it('is nothing where it is forged, or shown again', async () => {
    const route = stack.freshRoute('oa')
    for (let round = 0; round < 3; round += 1) await tell(await askTimes(route, 20), 100)
    const [used = ''] = await askTimes(route, 20)
    await tell([used], 100)
    for (let round = 0; round < 10; round += 1) {
      await askTimes(route, 20)
      const forged = await Promise.all(
        Array.from({ length: 40 }, () => seal(route, Date.now(), 'another secret')),
      )
      expect(await tell(forged, LATE_MS)).toEqual({ forged: 40 })
      expect(
        await tell(
          Array.from({ length: 40 }, () => used),
          LATE_MS,
        ),
      ).toEqual({ replayed: 40 })
    }
    expect(await leads(route, 100)).toBe(100)
  }, 60_000)
})
