import type { FaultPlan } from '@paceline/mock-provider'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask, type ClientWire } from '../support/ask.ts'
import { startStack, wholeTextOf, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())
afterEach(() => stack.heal())

const CLIENTS: readonly ClientWire[] = ['openai', 'anthropic']
/** The faulty provider goes first, the healthy one second; every wire takes the first place. */
const ORDERS = [
  { order: 'oa', faulty: 'openai', healthy: 'anthropic' },
  { order: 'ao', faulty: 'anthropic', healthy: 'openai' },
  { order: 'go', faulty: 'gemini', healthy: 'openai' },
] as const

/** Faults that strike before anything is said: nobody must notice but the clock. */
const BEFORE_COMMIT: readonly { name: string; fault: FaultPlan; attempts?: number }[] = [
  { name: '429 without Retry-After', fault: { kind: 'rate-limit' } },
  { name: '429 with Retry-After', fault: { kind: 'rate-limit', retryAfterS: 30 } },
  { name: '500 for ever', fault: { kind: 'server-error' }, attempts: 2 },
  { name: '503 for ever', fault: { kind: 'unavailable' } },
  { name: '529', fault: { kind: 'overloaded' } },
  { name: 'a reset before headers', fault: { kind: 'reset' } },
  { name: 'silence after accept', fault: { kind: 'silence' } },
  { name: 'headers, then silence', fault: { kind: 'silence', after: 'headers' } },
  { name: 'role chunk, then silence', fault: { kind: 'silence', after: 'role' } },
  { name: 'keep-alive comments, then silence', fault: { kind: 'silence', after: 'comments', everyMs: 50 } },
  { name: 'a slow first token', fault: { kind: 'slow-first-token', ms: 60_000 } },
  { name: 'a cut before the first token', fault: { kind: 'cut', afterTokens: 0 } },
  { name: 'a clean end before the first token', fault: { kind: 'cut', afterTokens: 0, by: 'end' } },
  { name: 'an in-band error as first event', fault: { kind: 'in-band-error', afterTokens: 0 } },
  { name: 'a malformed first event', fault: { kind: 'malformed', afterTokens: 0 } },
  { name: 'a refused key', fault: { kind: 'auth' } },
]

describe.each(ORDERS)('when $faulty fails before it says anything', ({ order, faulty, healthy }) => {
  describe.each(CLIENTS)('a client of the %s wire', (client) => {
    it.each(BEFORE_COMMIT)('gets a whole streamed answer despite $name', async ({ fault, attempts = 1 }) => {
      stack[faulty].setFault(fault)
      const route = stack.freshRoute(order)
      const seen = await ask(stack, client, route, { stream: true })
      expect(seen).toMatchObject({ status: 200, text: wholeTextOf(healthy), ending: 'complete' })
      expect(seen.paceline).toMatchObject({ provider: healthy, attempts: attempts + 1, answer: 'complete' })
      expect(stack.asked(faulty, route)).toHaveLength(attempts)
      expect(stack.asked(healthy, route)).toHaveLength(1)
    })
  })
})

/** Where nothing is streamed, the whole body comes before the commit, so cuts within it are mended, too. */
const UNSTREAMED: typeof BEFORE_COMMIT = [
  ...BEFORE_COMMIT,
  { name: 'a cut within the body', fault: { kind: 'cut', afterTokens: 4 } },
  { name: 'a stall within the body', fault: { kind: 'stall', afterTokens: 4 } },
]

describe.each(ORDERS)('when $faulty fails an unstreamed call', ({ order, faulty, healthy }) => {
  describe.each(CLIENTS)('a client of the %s wire', (client) => {
    it.each(UNSTREAMED)('gets a whole answer despite $name', async ({ fault, attempts = 1 }) => {
      stack[faulty].setFault(fault)
      const route = stack.freshRoute(order)
      const seen = await ask(stack, client, route, { stream: false })
      expect(seen).toMatchObject({ status: 200, text: wholeTextOf(healthy), ending: 'complete' })
      expect(seen.headers.get('paceline-provider')).toBe(healthy)
      expect(seen.headers.get('paceline-attempts')).toBe(String(attempts + 1))
      expect(seen.headers.get('paceline-answer')).toBe('complete')
      expect(stack.asked(faulty, route)).toHaveLength(attempts)
    })
  })
})

/** Faults that strike after the first words: what was said stays, and its end is told truly. */
const AFTER_COMMIT: readonly { name: string; fault: FaultPlan }[] = [
  { name: 'a reset', fault: { kind: 'cut', afterTokens: 5 } },
  { name: 'a closed connection', fault: { kind: 'cut', afterTokens: 5, by: 'close' } },
  { name: 'a clean end without finish marker', fault: { kind: 'cut', afterTokens: 5, by: 'end' } },
  { name: 'a stall', fault: { kind: 'stall', afterTokens: 5 } },
  { name: 'an in-band error', fault: { kind: 'in-band-error', afterTokens: 5 } },
  { name: 'a malformed event', fault: { kind: 'malformed', afterTokens: 5 } },
]

describe.each(ORDERS)('when $faulty dies in the middle of its answer', ({ order, faulty, healthy }) => {
  describe.each(CLIENTS)('a client of the %s wire', (client) => {
    it.each(AFTER_COMMIT)('is told that the answer is incomplete after $name', async ({ fault }) => {
      stack[faulty].setFault(fault)
      const route = stack.freshRoute(order)
      const seen = await ask(stack, client, route, { stream: true })
      const whole = wholeTextOf(faulty)
      expect(whole.startsWith(seen.text)).toBe(true)
      expect(seen.text.split(' ')).toHaveLength(5)
      expect(seen).toMatchObject({ status: 200, ending: 'incomplete' })
      expect(seen.message).toContain('incomplete')
      expect(seen.paceline).toMatchObject({ provider: faulty, attempts: 1, answer: 'incomplete' })
      expect(stack.asked(healthy, route)).toHaveLength(0)
    })
  })
})

/** Faults of framing only: the answer is whole, and has to arrive so, from the first provider. */
const HARMLESS: readonly { name: string; fault: FaultPlan }[] = [
  { name: 'no [DONE] or message_stop', fault: { kind: 'missing-terminator' } },
  { name: 'CRLF line ends', fault: { kind: 'line-ends', end: 'crlf' } },
  { name: 'CR line ends', fault: { kind: 'line-ends', end: 'cr' } },
  { name: 'a stream split into single bytes', fault: { kind: 'split', bytes: 1 } },
  { name: 'a compressed body', fault: { kind: 'content-encoding', encoding: 'gzip', body: 'compressed' } },
  { name: 'ten times slower tokens', fault: { kind: 'slow', factor: 10 } },
]

describe.each(ORDERS)('when $faulty is merely odd', ({ order, faulty, healthy }) => {
  describe.each(CLIENTS)('a client of the %s wire', (client) => {
    it.each(HARMLESS)('gets its whole answer despite $name', async ({ fault }) => {
      stack[faulty].configure({ delays: { firstTokenMs: 5, tokenMs: 2 } })
      stack[faulty].setFault(fault)
      const route = stack.freshRoute(order)
      const seen = await ask(stack, client, route, { stream: true })
      stack[faulty].configure({ delays: { firstTokenMs: 0, tokenMs: 0 } })
      expect(seen).toMatchObject({ status: 200, text: wholeTextOf(faulty), ending: 'complete' })
      expect(seen.headers.get('content-encoding')).toBeNull()
      expect(stack.asked(healthy, route)).toHaveLength(0)
    })
  })
})
