import type { FaultPlan } from '@paceline/mock-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../support/ask.ts'
import { PATIENCE_MS, PLACES } from '../support/places.ts'
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

describe.each(PLACES)(
  'a client of the $client wire, when $faulty is merely odd',
  ({ client, order, faulty, healthy }) => {
    async function expectWhole(fault: FaultPlan, stream: boolean): Promise<void> {
      const route = stack.freshRoute(order)
      stack.spoil(faulty, route, fault)
      const body = client === 'openai' && stream ? { stream_options: { include_usage: true } } : {}
      const seen = await ask(stack, client, route, { stream, body })
      const [attempt, ...others] = await stack.settled(faulty, route)
      const said = attempt?.pieces ?? []

      expect(others).toHaveLength(0)
      expect(attempt).toMatchObject({ wire: faulty, stream, tokensSent: said.length })
      expect(stack.asked(healthy, route)).toHaveLength(0)
      expect(seen).toMatchObject({ status: 200, text: said.join(''), ending: 'complete', message: null })
      expect(seen.outputTokens).toBe(said.length)
      expect(seen.headers.get('paceline-provider')).toBe(faulty)
      // One that is not streamed may be compressed anew on its way to the caller.
      if (stream) expect(seen.headers.get('content-encoding')).toBeNull()
      expect(seen.tookMs).toBeLessThan(PATIENCE_MS)
    }

    it.concurrent.each(CASES)('gets its whole streamed answer and its count despite $name', ({ fault }) =>
      expectWhole(fault, true),
    )

    // What has no meaning for one body leaves it as it is.
    it.concurrent.each(CASES)('gets its whole unstreamed answer and its count despite $name', ({ fault }) =>
      expectWhole(fault, false),
    )
  },
)

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
