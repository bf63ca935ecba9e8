import type { FaultPlan } from '@paceline/mock-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PATIENCE_MS, PLACES, play, type Scene } from '../support/places.ts'
import { startStack, wholeTextOf, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

/**
 * Faults that strike before anything is said: nobody must notice but the clock. `silent` providers are hung up on,
 * after the time of their phase and not sooner.
 */
interface Case {
  readonly name: string
  readonly fault: FaultPlan
  /** How often the faulty provider is asked; once, where nothing is said. */
  readonly attempts?: number
  readonly silent?: true
}

const CASES: readonly Case[] = [
  { name: '429 without Retry-After', fault: { kind: 'rate-limit' } },
  { name: '429 with Retry-After', fault: { kind: 'rate-limit', retryAfterS: 30 } },
  { name: '500 for ever', fault: { kind: 'server-error' }, attempts: 2 },
  { name: '503 for ever', fault: { kind: 'unavailable' } },
  { name: '503 with Retry-After', fault: { kind: 'unavailable', retryAfterS: 30 } },
  { name: '529', fault: { kind: 'overloaded' } },
  { name: 'a refused key', fault: { kind: 'auth' } },
  { name: 'a reset before headers', fault: { kind: 'reset' } },
  { name: 'silence after accept', fault: { kind: 'silence' }, silent: true },
  { name: 'headers, then silence', fault: { kind: 'silence', after: 'headers' }, silent: true },
  { name: 'role chunk, then silence', fault: { kind: 'silence', after: 'role' }, silent: true },
  {
    name: 'keep-alive comments, then silence',
    fault: { kind: 'silence', after: 'comments', everyMs: 50 },
    silent: true,
  },
  { name: 'a slow first token', fault: { kind: 'slow-first-token', ms: 60_000 }, silent: true },
  { name: 'a stall before the first token', fault: { kind: 'stall', afterTokens: 0 }, silent: true },
  { name: 'a reset before the first token', fault: { kind: 'cut', afterTokens: 0 } },
  { name: 'a closed connection before it', fault: { kind: 'cut', afterTokens: 0, by: 'close' } },
  { name: 'a clean end before it', fault: { kind: 'cut', afterTokens: 0, by: 'end' } },
  { name: 'an in-band error as first event', fault: { kind: 'in-band-error', afterTokens: 0 } },
  {
    name: 'an in-band overload as first event',
    fault: { kind: 'in-band-error', afterTokens: 0, error: 'overloaded' },
  },
  {
    name: 'an in-band rate limit as first event',
    fault: { kind: 'in-band-error', afterTokens: 0, error: 'rate-limit' },
  },
  { name: 'a malformed first event', fault: { kind: 'malformed', afterTokens: 0 } },
  {
    name: 'a compression that nobody can undo',
    fault: { kind: 'content-encoding', encoding: 'deflate', body: 'compressed' },
  },
  { name: 'gzip in the headers alone', fault: { kind: 'content-encoding', encoding: 'gzip' } },
]

/** Where nothing is streamed, the whole body comes before the commit, so what strikes within it is mended, too. */
const WITHIN_BODY: readonly Case[] = [
  { name: 'a reset within the body', fault: { kind: 'cut', afterTokens: 4 } },
  { name: 'a connection closed within the body', fault: { kind: 'cut', afterTokens: 4, by: 'close' } },
  { name: 'a stall within the body', fault: { kind: 'stall', afterTokens: 4 }, silent: true },
  { name: 'a body that never ends', fault: { kind: 'endless', of: 'line' } },
]

const waitsOf = (scene: Scene): readonly number[] =>
  scene.atFaulty.map(({ clientLeftAtMs, receivedAtMs }) => (clientLeftAtMs ?? Infinity) - receivedAtMs)

describe.each(PLACES)('a client of the $client wire, when $faulty fails before it says anything', (place) => {
  const { faulty, healthy } = place
  const calls = [
    ...CASES.map((one) => ({ ...one, stream: true })),
    ...[...CASES, ...WITHIN_BODY].map((one) => ({ ...one, stream: false })),
  ]

  it.concurrent.each(calls)(
    'gets a whole answer (streamed: $stream) despite $name',
    async ({ fault, attempts = 1, stream }) => {
      const { seen, account, atFaulty, atHealthy } = await play(stack, place, fault, { stream })
      expect(seen).toMatchObject({
        status: 200,
        text: wholeTextOf(healthy),
        ending: 'complete',
        message: null,
      })
      expect(seen.tookMs).toBeLessThan(PATIENCE_MS)
      expect(seen.headers.get('paceline-provider')).toBe(healthy)
      expect(account).toMatchObject({ provider: healthy, attempts: attempts + 1, answer: 'complete' })
      expect(atFaulty.map(({ wire, stream, keyAccepted }) => ({ wire, stream, keyAccepted }))).toEqual(
        Array.from({ length: attempts }, () => ({ wire: faulty, stream, keyAccepted: true })),
      )
      expect(atFaulty.map((attempt) => attempt.fault)).not.toContain(null)
      expect(atHealthy).toMatchObject([{ wire: healthy, stream, ending: 'complete', clientLeftAtMs: null }])
    },
  )

  it.concurrent.each(calls.filter(({ silent }) => silent))(
    'is not kept by it longer than a phase may last (streamed: $stream): $name',
    async ({ fault, stream }) => {
      const scene = await play(stack, place, fault, { stream })
      const [waitedMs] = waitsOf(scene)
      expect(waitedMs).toBeGreaterThan(300)
      expect(waitedMs).toBeLessThan(PATIENCE_MS)
    },
  )
})
