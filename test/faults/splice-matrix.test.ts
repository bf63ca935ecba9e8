import type { FaultPlan } from '@paceline/mock-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PATIENCE_MS, PLACES, play } from '../support/places.ts'
import { ask } from '../support/ask.ts'
import { startStack, wholeTextOf, type Stack } from '../support/stack.ts'

/** Every provider can go on with what another one began. */
let stack: Stack
beforeAll(async () => {
  stack = await startStack({ worker: 'worker-with-prefill.ts' })
})
afterAll(() => stack.close())

const WORDS = 14

/** What the faulty one said, up to so many words, and then all that the other one had to say. */
const PLACES_TO_BREAK = Array.from({ length: WORDS }, (_, at) => at + 1)

const ODDITIES: readonly { name: string; fault: FaultPlan }[] = [
  { name: 'single bytes', fault: { kind: 'split', bytes: 1 } },
  { name: 'CRLF', fault: { kind: 'line-ends', end: 'crlf' } },
  { name: 'CR', fault: { kind: 'line-ends', end: 'cr' } },
  { name: 'no terminator', fault: { kind: 'missing-terminator' } },
  { name: 'gzip', fault: { kind: 'content-encoding', body: 'compressed' } },
]

describe.each(PLACES)('a client of the $client wire, whose answer $faulty breaks off', (place) => {
  const { client, order, faulty, healthy } = place

  it.concurrent.each(PLACES_TO_BREAK)('gets the rest from the other one after word %i', async (words) => {
    const fault = { kind: 'cut', afterTokens: words, by: 'end' } as const
    const { seen, account, atFaulty, atHealthy } = await play(stack, place, fault, { stream: true })
    const begun = atFaulty[0]?.pieces.slice(0, words).join('') ?? ''
    const rest = atHealthy[0]?.pieces.join('') ?? ''
    expect(seen).toMatchObject({ status: 200, text: begun + rest, ending: 'complete', message: null })
    expect(account).toMatchObject({ provider: healthy, attempts: 2, answer: 'continued' })
    expect(atFaulty).toHaveLength(1)
    expect(atHealthy).toMatchObject([{ stream: true, ending: 'complete' }])
    // One answer to its reader: one beginning, one end.
    expect(seen.raw.match(/"role":"assistant"/g)).toHaveLength(1)
    expect(seen.raw.match(/"finish_reason":"|"stop_reason":"/g)).toHaveLength(1)
    expect(seen.tookMs).toBeLessThan(PATIENCE_MS)
  })

  it.concurrent.each(ODDITIES)('gets the rest however the other one spells it: $name', async ({ fault }) => {
    const route = stack.freshRoute(order)
    stack.spoil(faulty, route, { kind: 'in-band-error', afterTokens: 6, error: 'overloaded' })
    stack.spoil(healthy, route, fault)
    const seen = await ask(stack, client, route, { stream: true })
    const [first] = await stack.settled(faulty, route)
    const [second] = await stack.settled(healthy, route)
    const text = [...(first?.pieces.slice(0, 6) ?? []), ...(second?.pieces ?? [])].join('')
    expect(seen).toMatchObject({ text, ending: 'complete', paceline: { answer: 'continued' } })
  })

  it.concurrent.each<{ name: string; fault: FaultPlan }>([
    { name: 'a 503', fault: { kind: 'unavailable' } },
    { name: 'a reset', fault: { kind: 'reset' } },
    { name: 'silence', fault: { kind: 'silence' } },
    { name: 'a refused prefill', fault: { kind: 'prefill-refused' } },
    { name: 'a malformed event', fault: { kind: 'malformed', afterTokens: 0 } },
  ])('is told the truth where the other one fails by $name', async ({ fault }) => {
    const route = stack.freshRoute(order)
    stack.spoil(faulty, route, { kind: 'cut', afterTokens: 5, by: 'end' })
    stack.spoil(healthy, route, fault)
    const seen = await ask(stack, client, route, { stream: true })
    expect(wholeTextOf(faulty).startsWith(seen.text)).toBe(true)
    expect(seen).toMatchObject({ status: 200, ending: 'incomplete', paceline: { answer: 'incomplete' } })
    expect(seen.raw).not.toMatch(/\[DONE\]|message_stop|prefill/)
  })
})
