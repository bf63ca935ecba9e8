import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { ask } from '../support/ask.ts'
import { countHeld } from '../support/count-held.ts'
import { callRaw } from '../support/raw-caller.ts'
import { startStack, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ inspect: true })
})
afterAll(() => stack.close())
afterEach(() => stack.heal())

const CALLS = 100
/** The last ones may still be on the stack, or on their way out. */
const FEW = 3

/** A running attempt has one, which everything else of its request hangs on. */
const heldAttempts = (): Promise<number> => countHeld(stack, 'PhaseTimer')

it('sees what is held: an attempt under way has its timer', async () => {
  const route = stack.freshRoute('o')
  stack.spoil('openai', route, { kind: 'stall', afterTokens: 2 })
  const caller = await callRaw(stack, 'openai', route)
  expect(await heldAttempts()).toBeGreaterThan(0)
  caller.leave('fin')
  await stack.settled('openai', route)
})

it('keeps nothing of streams that the provider breaks off', async () => {
  const route = stack.freshRoute('o')
  stack.spoil('openai', route, { kind: 'cut', afterTokens: 3 })
  for (let call = 0; call < CALLS; call += 1) await ask(stack, 'openai', route, { stream: true })
  await stack.settled('openai', route)
  expect(stack.asked('openai', route).length).toBeGreaterThanOrEqual(CALLS)
  expect(await heldAttempts()).toBeLessThanOrEqual(FEW)
})

it.each(['fin', 'reset'] as const)(
  'keeps nothing of callers who leave a running stream (%s)',
  async (how) => {
    const route = stack.freshRoute('o')
    stack.spoil('openai', route, { kind: 'stall', afterTokens: 2 })
    for (let call = 0; call < CALLS; call += 1) {
      const caller = await callRaw(stack, 'openai', route)
      caller.leave(how)
    }
    await stack.settled('openai', route)
    expect(await heldAttempts()).toBeLessThanOrEqual(FEW)
  },
)
