import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, type Seen } from '../support/ask.ts'
import { startStack, wholeTextOf, type Stack } from '../support/stack.ts'

/** None of these is late by the routes' target of 10 s: only beside its healthy self is the provider slow. */
const USUAL_MS = 100
const SLOW_MS = 10 * USUAL_MS

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ worker: 'worker-at-leisure.ts' })
  for (const provider of [stack.openai, stack.anthropic])
    provider.configure({ delays: { firstTokenMs: USUAL_MS } })
  // The first requests of a process are slow for reasons of its own.
  await askTimes(stack.freshRoute('oa'), 50)
})
afterAll(() => stack.close())

/** Asks so many times, five at once, and sees to it that nobody notices what goes on behind. */
async function askTimes(route: string, times: number): Promise<void> {
  for (let asked = 0; asked < times; asked += 10) {
    const group: Seen[] = await Promise.all(
      Array.from({ length: 10 }, () => ask(stack, 'openai', route, { stream: true })),
    )
    for (const seen of group) {
      expect(seen.ending).toBe('complete')
      expect([wholeTextOf('openai'), wholeTextOf('anthropic')]).toContain(seen.text)
    }
  }
}

async function askUntil(route: string, holds: () => boolean, atMostMs: number): Promise<void> {
  const lastAt = Date.now() + atMostMs
  while (!holds()) {
    if (Date.now() > lastAt) throw new Error(`did not come to hold within ${atMostMs} ms`)
    await askTimes(route, 10)
  }
}

describe('a provider that speaks ten times later than it did', () => {
  it('keeps a trickle of the traffic, and gets it back when it is as it was', async () => {
    const route = stack.freshRoute('oa')
    const asked = (): number => stack.asked('openai', route).length
    await askTimes(route, 100)
    expect(asked()).toBe(100)

    stack.openai.configure({ delays: { firstTokenMs: SLOW_MS } })
    await askUntil(route, () => stack.asked('anthropic', route).length > 0, 10_000)
    // Ten slow ones, and those that were on their way meanwhile.
    expect(asked() - 100).toBeLessThanOrEqual(30)
    const before = asked()
    await askTimes(route, 200)
    // One in a hundred is meant to: five times as many by chance once in 100,000 runs.
    expect(asked() - before).toBeLessThanOrEqual(10)

    stack.openai.configure({ delays: { firstTokenMs: USUAL_MS } })
    // The whole of a group goes there: one that is on its way back has a quarter at most.
    let others = -1
    const isBack = (): boolean => {
      const same = stack.asked('anthropic', route).length === others
      others = stack.asked('anthropic', route).length
      return same
    }
    await askUntil(route, isBack, 60_000)
    const returned = asked()
    await askTimes(route, 100)
    expect(asked() - returned).toBe(100)
  }, 120_000)
})
