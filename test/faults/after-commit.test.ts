import type { FaultPlan } from '@paceline/mock-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PATIENCE_MS, PLACES, play } from '../support/places.ts'
import { startStack, wholeTextOf, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

/** Faults that strike after the first words: what was said stays, and its end is told truly. */
const CASES: readonly { name: string; fault: FaultPlan; words: number; silent?: true }[] = [
  { name: 'a reset', fault: { kind: 'cut', afterTokens: 5 }, words: 5 },
  { name: 'a reset after the first word', fault: { kind: 'cut', afterTokens: 1 }, words: 1 },
  { name: 'a reset before the finish marker', fault: { kind: 'cut', afterTokens: 99 }, words: 14 },
  { name: 'a closed connection', fault: { kind: 'cut', afterTokens: 5, by: 'close' }, words: 5 },
  { name: 'a clean end without finish marker', fault: { kind: 'cut', afterTokens: 5, by: 'end' }, words: 5 },
  {
    name: 'a clean end before the finish marker',
    fault: { kind: 'cut', afterTokens: 99, by: 'end' },
    words: 14,
  },
  { name: 'a stall', fault: { kind: 'stall', afterTokens: 5 }, words: 5, silent: true },
  {
    name: 'a stall before the finish marker',
    fault: { kind: 'stall', afterTokens: 99 },
    words: 14,
    silent: true,
  },
  { name: 'an in-band error', fault: { kind: 'in-band-error', afterTokens: 5 }, words: 5 },
  {
    name: 'an in-band overload',
    fault: { kind: 'in-band-error', afterTokens: 5, error: 'overloaded' },
    words: 5,
  },
  { name: 'a malformed event', fault: { kind: 'malformed', afterTokens: 5 }, words: 5 },
  {
    name: 'an event larger than the limit',
    fault: { kind: 'huge-event', bytes: 300_000, afterTokens: 5 },
    words: 5,
  },
]

describe.each(PLACES)(
  'a client of the $client wire, when $faulty dies in the middle of its answer',
  (place) => {
    const { faulty } = place

    it.concurrent.each(CASES)(
      'is told that the answer is incomplete after $name',
      async ({ fault, words, silent = false }) => {
        const { seen, account, atFaulty, atHealthy } = await play(stack, place, fault, { stream: true })

        // These models can't be continued by a prefill, and nothing says that the same text would come again.
        expect(wholeTextOf(faulty).startsWith(seen.text)).toBe(true)
        expect(seen.text.split(' ')).toHaveLength(words)
        expect(seen).toMatchObject({ status: 200, ending: 'incomplete' })
        expect(seen.message).toContain('incomplete')
        expect(account).toMatchObject({ provider: faulty, attempts: 1, answer: 'incomplete' })
        expect(seen.raw).not.toMatch(/\[DONE\]|message_stop/)
        expect(seen.tookMs).toBeLessThan(PATIENCE_MS)

        expect(atFaulty).toMatchObject([{ wire: faulty, stream: true }])
        expect(atFaulty[0]?.tokensSent).toBeGreaterThanOrEqual(words)
        expect(atFaulty.filter(({ clientLeftAtMs }) => clientLeftAtMs !== null || !silent)).toHaveLength(1)
        expect(atHealthy).toHaveLength(0)
      },
    )
  },
)
