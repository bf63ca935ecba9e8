import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../support/ask.ts'
import { PLACES } from '../support/places.ts'
import { startStack, wholeTextOf, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const STREAMED = [true, false] as const

/** What providers say of the request itself: either another one may serve it, or the reason is the caller's to read. */
describe.each(PLACES)(
  'a client of the $client wire, with $faulty in front',
  ({ client, order, faulty, healthy }) => {
    it.concurrent.each(STREAMED)(
      'reads that its prompt is too long for all (streamed: %s)',
      async (stream) => {
        const route = stack.freshRoute(order)
        stack.spoil(faulty, route, { kind: 'context-length' })
        const seen = await ask(stack, client, route, { stream })
        expect(seen).toMatchObject({ status: 400, ending: 'error' })
        expect(seen.message).toMatch(/context length|too long/)
        expect(await stack.settled(faulty, route)).toHaveLength(1)
        // As long as the first, so that it can only refuse as well.
        expect(stack.asked(healthy, route)).toHaveLength(0)
      },
    )

    it.concurrent.each(STREAMED)('reads why its prompt is refused (streamed: %s)', async (stream) => {
      const route = stack.freshRoute(order)
      stack.spoil(faulty, route, { kind: 'content-policy' })
      const seen = await ask(stack, client, route, { stream })
      expect(seen).toMatchObject({ status: 400, ending: 'error' })
      expect(seen.message).toMatch(/rejected|policy|filter/)
      expect(seen.headers.get('x-should-retry')).toBe('false')
      expect(await stack.settled(faulty, route)).toHaveLength(1)
      expect(stack.asked(healthy, route)).toHaveLength(0)
    })

    it.concurrent('reads a refusal that comes in band before anything is said', async () => {
      const route = stack.freshRoute(order)
      stack.spoil(faulty, route, { kind: 'in-band-error', error: 'content-policy' })
      const seen = await ask(stack, client, route, { stream: true })
      expect(seen).toMatchObject({ status: 400, ending: 'error' })
      expect(stack.asked(healthy, route)).toHaveLength(0)
    })
  },
)

describe.each(['openai', 'anthropic'] as const)('a client of the %s wire', (client) => {
  it.each(STREAMED)(
    'gets a prompt answered by a larger model that is too long for one (streamed: %s)',
    async (stream) => {
      stack.openai.setFault({ kind: 'context-length' })
      const seen = await ask(stack, client, 'sized', { stream })
      stack.openai.setFault(null)
      expect(seen).toMatchObject({ status: 200, text: wholeTextOf('anthropic'), ending: 'complete' })
      expect(seen.headers.get('paceline-attempts')).toBe('2')
    },
  )
})

/** A message of the assistant's at the end keeps a request with providers of its own format. */
const begun = {
  messages: [
    { role: 'user', content: 'Why ride in a paceline?' },
    { role: 'assistant', content: 'compatible rides one two three' },
  ],
}

describe('a caller who has begun the answer itself', () => {
  it.each(STREAMED)(
    'gets the rest from the next when one refuses to go on (streamed: %s)',
    async (stream) => {
      const route = stack.freshRoute('oc')
      stack.spoil('openai', route, { kind: 'prefill-refused' })
      const seen = await ask(stack, 'openai', route, { stream, body: begun })
      expect(await stack.settled('openai', route)).toMatchObject([{ status: 400, tokensSent: 0 }])
      const [attempt] = await stack.settled('compatible', route)
      expect(attempt?.pieces.length).toBeGreaterThan(0)
      expect(seen).toMatchObject({ status: 200, text: attempt?.pieces.join(''), ending: 'complete' })
    },
  )

  it.each(STREAMED)('reads that nobody goes on where there is no other (streamed: %s)', async (stream) => {
    for (const [client, order] of [
      ['openai', 'o'],
      ['anthropic', 'a'],
    ] as const) {
      const route = stack.freshRoute(order)
      stack.spoil(client, route, { kind: 'prefill-refused' })
      const seen = await ask(stack, client, route, { stream, body: begun })
      expect(seen).toMatchObject({ status: 400, ending: 'error' })
      expect(await stack.settled(client, route)).toHaveLength(1)
    }
  })
})
