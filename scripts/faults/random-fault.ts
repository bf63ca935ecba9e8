import type { Fault } from '@paceline/mock-provider'
import { ANSWER_BYTES } from './world.ts'

type Random = () => number

export const pick = <T>(random: Random, from: readonly T[]): T => {
  const one = from[Math.floor(random() * from.length)]
  if (one === undefined) throw new Error('there is nothing to pick from')
  return one
}

export const upTo = (random: Random, most: number): number => Math.floor(random() * (most + 1))

/** A fault that costs an attempt, at some time or always. */
export const randomFault = (random: Random): Fault => ({
  ...(random() < 0.6 ? beforeCommit(random) : afterCommit(random)),
  ...occasion(random),
})

/** One that an answer has to survive. */
export function randomOddity(random: Random): Fault {
  return pick<(random: Random) => Fault>(random, [
    () => ({ kind: 'line-ends', end: pick(random, ['crlf', 'cr']) }),
    // Smaller pieces are for tests of one call: thousands of writes, each of its own turn, would slow down all others.
    () => ({ kind: 'split', bytes: 30 + upTo(random, 100) }),
    () => ({ kind: 'split', at: 1 + upTo(random, 4_000) }),
    () => ({ kind: 'missing-terminator' }),
    () => ({ kind: 'content-encoding', encoding: pick(random, ['gzip', 'br']), body: 'compressed' }),
    () => ({ kind: 'huge-event', bytes: ANSWER_BYTES / 4, afterTokens: upTo(random, 9) }),
    () => ({ kind: 'usage-in-last-chunk' }),
    () => ({ kind: 'slow-first-token', ms: upTo(random, 100) }),
  ])(random)
}

function beforeCommit(random: Random): Fault {
  return pick<() => Fault>(random, [
    () => ({ kind: 'rate-limit' }),
    () => ({ kind: 'rate-limit', retryAfterS: pick(random, [0, 1, 30]) }),
    () => ({ kind: 'server-error' }),
    () => ({ kind: 'server-error' }),
    () => ({ kind: 'unavailable' }),
    () => ({ kind: 'unavailable', retryAfterS: pick(random, [0, 1, 30]) }),
    () => ({ kind: 'overloaded' }),
    () => ({ kind: 'auth' }),
    () => ({ kind: 'reset' }),
    () => ({ kind: 'silence', after: pick(random, ['accept', 'headers', 'role']) }),
    () => ({ kind: 'silence', after: 'comments', everyMs: 10 + upTo(random, 200) }),
    () => ({ kind: 'slow-first-token', ms: 60_000 }),
    () => ({ kind: 'cut', afterTokens: 0, by: pick(random, ['reset', 'close', 'end']) }),
    () => ({
      kind: 'in-band-error',
      afterTokens: 0,
      error: pick(random, ['server-error', 'overloaded', 'rate-limit']),
    }),
    () => ({ kind: 'malformed', afterTokens: 0 }),
    () => ({ kind: 'huge-event', bytes: 2 * ANSWER_BYTES, afterTokens: 0 }),
    () => ({ kind: 'content-encoding', encoding: pick(random, ['gzip', 'br']), body: 'plain' }),
  ])()
}

function afterCommit(random: Random): Fault {
  const afterTokens = 1 + upTo(random, 20)
  return pick<() => Fault>(random, [
    () => ({ kind: 'cut', afterTokens, by: pick(random, ['reset', 'close', 'end']) }),
    () => ({ kind: 'cut', afterTokens, by: pick(random, ['reset', 'close', 'end']) }),
    () => ({ kind: 'cut-in-tool-call', by: pick(random, ['reset', 'close', 'end']) }),
    () => ({ kind: 'stall', afterTokens }),
    () => ({
      kind: 'in-band-error',
      afterTokens,
      error: pick(random, ['server-error', 'overloaded', 'rate-limit']),
    }),
    () => ({ kind: 'malformed', afterTokens }),
    () => ({ kind: 'huge-event', bytes: 2 * ANSWER_BYTES, afterTokens }),
  ])()
}

/** Always, a few times, now and then, or by spells. */
function occasion(random: Random): Pick<Fault, 'times' | 'everyNth' | 'flap'> {
  const lot = random()
  if (lot < 0.6) return {}
  if (lot < 0.75) return { times: 1 + upTo(random, 2) }
  if (lot < 0.85) return { everyNth: 2 }
  return { flap: { downMs: 10 + upTo(random, 300), upMs: 10 + upTo(random, 300) } }
}
