import type { FaultPlan } from '@paceline/mock-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../support/ask.ts'
import { PATIENCE_MS, PLACES, play } from '../support/places.ts'
import { startStack, type Stack } from '../support/stack.ts'

/** Half of it is outside ASCII, so that splits fall into characters. */
const TEXT = '{provider} fährt 🚴‍♀️ im 漢字 Wind “\u2028” und ist da'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
  for (const provider of [stack.openai, stack.anthropic])
    provider.configure({ texts: [TEXT], delays: { firstTokenMs: 5, tokenMs: 1 } })
})
afterAll(() => stack.close())

/** Faults of framing and pace only: the answer is whole, and has to arrive so, from the first provider. */
const CASES: readonly { name: string; fault: FaultPlan }[] = [
  { name: 'nothing at all', fault: null },
  { name: 'no [DONE] or message_stop', fault: { kind: 'missing-terminator' } },
  { name: 'CRLF line ends', fault: { kind: 'line-ends', end: 'crlf' } },
  { name: 'CR line ends', fault: { kind: 'line-ends', end: 'cr' } },
  ...[1, 2, 3, 5, 7, 64].map((bytes) => ({
    name: `an answer split into pieces of ${bytes}`,
    fault: { kind: 'split', bytes } as const,
  })),
  {
    name: 'CRLF line ends, split into single bytes',
    fault: [
      { kind: 'line-ends', end: 'crlf' },
      { kind: 'split', bytes: 1 },
    ],
  },
  {
    name: 'CR line ends, split into single bytes',
    fault: [
      { kind: 'line-ends', end: 'cr' },
      { kind: 'split', bytes: 1 },
    ],
  },
  ...(['gzip', 'br'] as const).map((encoding) => ({
    name: `a body that is compressed with ${encoding}`,
    fault: { kind: 'content-encoding', encoding, body: 'compressed' } as const,
  })),
  { name: 'a huge event within the limit', fault: { kind: 'huge-event', bytes: 150_000 } },
  { name: 'a huge event in mid-stream', fault: { kind: 'huge-event', bytes: 150_000, afterTokens: 3 } },
  { name: 'usage in the last chunk', fault: { kind: 'usage-in-last-chunk' } },
  { name: 'ten times slower tokens', fault: { kind: 'slow', factor: 10 } },
  { name: 'ten times slower tokens from the third on', fault: { kind: 'slow', factor: 10, afterTokens: 3 } },
  { name: 'a first token that is slow, though in time', fault: { kind: 'slow-first-token', ms: 150 } },
]

describe.each(PLACES)('a client of the $client wire, when $faulty is merely odd', (place) => {
  const { client, faulty } = place
  // What has no meaning for an answer in one body leaves it as it is.
  const calls = [true, false].flatMap((stream) => CASES.map((one) => ({ ...one, stream })))

  it.concurrent.each(calls)(
    'gets its whole answer and its count (streamed: $stream) despite $name',
    async ({ fault, stream }) => {
      const body = client === 'openai' && stream ? { stream_options: { include_usage: true } } : {}
      const { seen, account, atFaulty, atHealthy } = await play(stack, place, fault, { stream, body })
      const said = atFaulty[0]?.pieces ?? []

      expect(atFaulty).toMatchObject([{ wire: faulty, stream, tokensSent: said.length }])
      expect(atHealthy).toHaveLength(0)
      expect(seen).toMatchObject({ status: 200, text: said.join(''), ending: 'complete', message: null })
      expect(seen.outputTokens).toBe(said.length)
      expect(account).toMatchObject({ provider: faulty, attempts: 1, answer: 'complete' })
      expect(seen.tookMs).toBeLessThan(PATIENCE_MS)
    },
  )

  it('is not told of a compression that is undone already', async () => {
    const fault = { kind: 'content-encoding', body: 'compressed' } as const
    const { seen } = await play(stack, place, fault, { stream: true })
    expect(seen.headers.get('content-encoding')).toBeNull()
  })
})

describe.each(PLACES)('a client of the $client wire, with $faulty in front', ({ client, order, faulty }) => {
  // The reader's own tests take every byte; here it is many of them, over real sockets.
  it('gets its whole answer wherever it is cut in two', async () => {
    const route = stack.freshRoute(order)
    const length = await lengthOf(route)
    for (let at = 1; at < length; at += 37) {
      stack.spoil(faulty, route, { kind: 'split', at })
      const seen = await ask(stack, client, route, { stream: true })
      expect(seen).toMatchObject({ text: wholeText(route), ending: 'complete' })
    }
  })

  async function lengthOf(route: string): Promise<number> {
    await ask(stack, client, route, { stream: true })
    const [attempt] = await stack.settled(faulty, route)
    return attempt?.bytesSent ?? 0
  }

  const wholeText = (route: string): string => stack.asked(faulty, route).at(-1)?.pieces.join('') ?? ''
})
