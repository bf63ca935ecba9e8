import { quantileMs, type Summary } from '../summary.ts'
import type { Expectation } from './expectation.ts'

export type Judgement = 'restored' | 'not-restored' | 'unknown' | 'too-early'

/**
 * What came of an action, by the requests that were routed after it.
 *
 * @param seen since the last block that was found wanting, so that the first ones after a change can't spoil the others
 * @param wanting whether there was such a block
 */
export function judge(
  expectation: Expectation,
  seen: Summary,
  wanting: boolean,
  windowOver: boolean,
): Judgement {
  const enough = seen.count >= expectation.samples
  if (enough && isWell(seen, expectation.belowMs)) return 'restored'
  if (!windowOver) return 'too-early'
  return enough || wanting ? 'not-restored' : 'unknown'
}

/** Whether a block of requests has been judged and found wanting: the next one starts afresh. */
export const isSpent = (expectation: Expectation, seen: Summary): boolean =>
  seen.count >= expectation.samples && !isWell(seen, expectation.belowMs)

const isWell = (seen: Summary, belowMs: number): boolean => (quantileMs(seen, 0.95) ?? Infinity) <= belowMs
