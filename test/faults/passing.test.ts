import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../support/ask.ts'
import { PATIENCE_MS, PLACES } from '../support/places.ts'
import { startStack, wholeTextOf, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const STREAMED = [true, false] as const

/** Faults that pass by themselves, within one call or within a while. */
describe.each(PLACES)(
  'a client of the $client wire, with $faulty in front',
  ({ client, order, faulty, healthy }) => {
    const alone = faulty === 'openai' ? 'o' : 'a'

    it.concurrent.each(STREAMED)(
      'gets its answer from the same after one 500 (streamed: %s)',
      async (stream) => {
        const route = stack.freshRoute(order)
        stack.spoil(faulty, route, { kind: 'server-error', times: 1 })
        const seen = await ask(stack, client, route, { stream })
        expect(seen).toMatchObject({ status: 200, text: wholeTextOf(faulty), ending: 'complete' })
        expect(seen.tookMs).toBeLessThan(PATIENCE_MS)
        const attempts = await stack.settled(faulty, route)
        expect(attempts.map(({ status }) => status)).toEqual([500, 200])
        expect(stack.asked(healthy, route)).toHaveLength(0)
      },
    )

    it.concurrent.each(STREAMED)(
      'gets its answer from the next after one 429 (streamed: %s)',
      async (stream) => {
        const route = stack.freshRoute(order)
        stack.spoil(faulty, route, { kind: 'rate-limit', times: 1 })
        const seen = await ask(stack, client, route, { stream })
        expect(seen).toMatchObject({ status: 200, text: wholeTextOf(healthy), ending: 'complete' })
        expect((await stack.settled(faulty, route)).map(({ status }) => status)).toEqual([429])
        expect(await ask(stack, client, route, { stream })).toMatchObject({ text: wholeTextOf(faulty) })
      },
    )

    it.concurrent.each(STREAMED)(
      'waits for a lone provider as long as its Retry-After says (streamed: %s)',
      async (stream) => {
        const route = stack.freshRoute(alone)
        stack.spoil(faulty, route, { kind: 'rate-limit', retryAfterS: 1, times: 1 })
        const seen = await ask(stack, client, route, { stream })
        expect(seen).toMatchObject({ status: 200, text: wholeTextOf(faulty), ending: 'complete' })
        const [first, second, ...others] = await stack.settled(faulty, route)
        expect(others).toHaveLength(0)
        // Some 10 ms go by between the provider's answer and the gateway's clock.
        expect((second?.receivedAtMs ?? 0) - (first?.receivedAtMs ?? 0)).toBeGreaterThan(980)
      },
    )

    it.concurrent.each(STREAMED)(
      'asks a lone provider again after a 429 without Retry-After (streamed: %s)',
      async (stream) => {
        const route = stack.freshRoute(alone)
        stack.spoil(faulty, route, { kind: 'rate-limit', times: 1 })
        const seen = await ask(stack, client, route, { stream })
        expect(seen).toMatchObject({ status: 200, text: wholeTextOf(faulty), ending: 'complete' })
        expect((await stack.settled(faulty, route)).map(({ status }) => status)).toEqual([429, 200])
      },
    )

    it.concurrent.each(STREAMED)(
      'hears when to come again where the wait is too long for a person (streamed: %s)',
      async (stream) => {
        const route = stack.freshRoute(alone)
        stack.spoil(faulty, route, { kind: 'rate-limit', retryAfterS: 30 })
        const seen = await ask(stack, client, route, { stream })
        expect(seen).toMatchObject({ status: 429, ending: 'error' })
        expect(seen.headers.get('retry-after')).toBe('30')
        expect(seen.headers.get('x-should-retry')).toBe('false')
        expect(await stack.settled(faulty, route)).toHaveLength(1)
      },
    )

    // Down so shortly that no breaker opens, which would leave it alone for seconds.
    it.concurrent('gets every answer while its provider comes and goes', async () => {
      const route = stack.freshRoute(order)
      stack.spoil(faulty, route, { kind: 'unavailable', flap: { downMs: 12, upMs: 100 } })
      const from = new Set<string>()
      for (const lastAt = Date.now() + 2_500; Date.now() < lastAt;) {
        const seen = await ask(stack, client, route, { stream: from.size % 2 === 0 })
        expect(seen).toMatchObject({ status: 200, ending: 'complete' })
        from.add(seen.text)
      }
      expect(from).toEqual(new Set([wholeTextOf(faulty), wholeTextOf(healthy)]))
    })

    it.concurrent('gets every answer while its provider is ten times slower for a while', async () => {
      const route = stack.freshRoute(order)
      stack.spoil(faulty, route, [
        { kind: 'slow-first-token', ms: 20 },
        { kind: 'slow', factor: 10, forMs: 1_000 },
      ])
      const times: number[] = []
      for (const lastAt = Date.now() + 1_500; Date.now() < lastAt;) {
        const seen = await ask(stack, client, route, { stream: true })
        expect(seen).toMatchObject({ status: 200, ending: 'complete' })
        times.push(seen.tookMs)
      }
      expect(times[0]).toBeGreaterThan(190)
      expect(Math.min(...times.slice(-5))).toBeLessThan(190)
    })
  },
)
