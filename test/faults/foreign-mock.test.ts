import { LLMock } from '@copilotkit/aimock'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../support/ask.ts'
import { PATIENCE_MS, PLACES } from '../support/places.ts'
import { startStack, type Stack } from '../support/stack.ts'

/**
 * Faults of a mock that this project did not write, so that gateway and mock provider can't share one misunderstanding
 * of what a dropped, malformed or broken answer looks like.
 */
const TEXTS = {
  openai: 'Here one mock of strangers says a few words.',
  anthropic: 'There another says some.',
}
const QUESTION = 'hello there'
const BROKEN_OFF = 'break off, please'

let mocks: Record<'openai' | 'anthropic', LLMock>
let stack: Stack
beforeAll(async () => {
  const start = async (text: string): Promise<LLMock> => {
    const mock = new LLMock({ port: 0, host: '127.0.0.1', latency: 0, chunkSize: 5 })
    mock.onMessage(QUESTION, { content: text })
    // Slow enough that its words are there before it throws the connection away.
    mock.onMessage(BROKEN_OFF, { content: text }, { truncateAfterChunks: 5, latency: 40 })
    await mock.start()
    return mock
  }
  mocks = { openai: await start(TEXTS.openai), anthropic: await start(TEXTS.anthropic) }
  stack = await startStack({
    bindings: { OPENAI_URL: `${mocks.openai.url}/v1`, ANTHROPIC_URL: mocks.anthropic.url },
  })
})
afterAll(async () => {
  await stack.close()
  await Promise.all([mocks.openai.stop(), mocks.anthropic.stop()])
})

const CHAOS = [{ dropRate: 1 }, { malformedRate: 1 }, { rateLimitRate: 1 }, { disconnectRate: 1 }] as const
const CALLS = CHAOS.flatMap((chaos) => [true, false].map((stream) => ({ chaos, stream })))

const say = (content: string): object => ({ messages: [{ role: 'user', content }] })

describe.each(PLACES)(
  'a client of the $client wire, with a mock of strangers for $faulty',
  ({ client, order, faulty, healthy }) => {
    it.each(CALLS)('gets a whole answer despite $chaos (streamed: $stream)', async ({ chaos, stream }) => {
      mocks[faulty].setChaos(chaos)
      mocks[faulty].clearRequests()
      const seen = await ask(stack, client, stack.freshRoute(order), { stream, body: say(QUESTION) })
      mocks[faulty].clearChaos()
      expect(seen).toMatchObject({ status: 200, text: TEXTS[healthy], ending: 'complete', message: null })
      expect(seen.headers.get('paceline-provider')).toBe(healthy)
      expect(seen.tookMs).toBeLessThan(PATIENCE_MS)
      // Once, or twice where it answered 500.
      expect(mocks[faulty].getRequests().length).toBeOneOf([1, 2])
    })

    it('is told of an answer that breaks off', async () => {
      const seen = await ask(stack, client, stack.freshRoute(order), { stream: true, body: say(BROKEN_OFF) })
      expect(seen).toMatchObject({ status: 200, ending: 'incomplete' })
      expect(seen.paceline).toMatchObject({ provider: faulty, answer: 'incomplete' })
      expect(seen.text).not.toBe('')
      expect(TEXTS[faulty].startsWith(seen.text)).toBe(true)
    })
  },
)
