import type { ResponseState, Tally } from './state.ts'

/** What a playbook assumes of an action before anything was learnt, in imagined outcomes. */
export interface Prior {
  readonly successes: number
  readonly failures: number
}

/** What happened so long ago counts half: providers change, and so does what helps. */
const HALF_LIFE_MS = 7 * 86_400_000

/** What is learnt holds for the same action, against the same pattern, under the same settings. */
export const patternOf = ({ settings }: ResponseState, playbook: string, action: string): string =>
  `${playbook} ${action} ${settings?.hash ?? 'none'}`

/** The outcomes under a pattern as they count at an instant. */
export function tallyOf(state: ResponseState, pattern: string, now: number): Tally {
  const { successes, failures, at } = state.outcomes[pattern] ?? { successes: 0, failures: 0, at: now }
  const weight = 0.5 ** (Math.max(0, now - at) / HALF_LIFE_MS)
  return { successes: successes * weight, failures: failures * weight, at: now }
}
