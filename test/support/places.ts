import type { ClientWire } from './ask.ts'

/** Where a fault strikes and who looks on. */
export interface Place {
  readonly client: ClientWire
  /** The route's kind, and who stands where on it: the faulty provider goes first. */
  readonly order: 'oa' | 'ao'
  readonly faulty: 'openai' | 'anthropic'
  readonly healthy: 'openai' | 'anthropic'
}

/** Both wires on the caller's side, and both at the provider that fails. */
export const PLACES: readonly Place[] = (['openai', 'anthropic'] as const).flatMap((client) => [
  { client, order: 'oa', faulty: 'openai', healthy: 'anthropic' },
  { client, order: 'ao', faulty: 'anthropic', healthy: 'openai' },
])

/** The phase timers of the test routes added up, twice over, since the machine may have other things to do. */
export const PATIENCE_MS = 2 * (400 + 500 + 400 + 700)
