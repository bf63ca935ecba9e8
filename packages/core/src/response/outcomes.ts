import type { ResponseState, Tally } from './state.ts'

/** What a playbook assumes of an action before anything was learnt, in imagined outcomes. */
export interface Prior {
  readonly successes: number
  readonly failures: number
}

export const NO_OUTCOMES: Tally = { successes: 0, failures: 0 }

/** What is learnt holds for the same action, against the same pattern, under the same settings. */
export const patternOf = ({ settings }: ResponseState, playbook: string, action: string): string =>
  `${playbook} ${action} ${settings?.hash ?? 'none'}`
