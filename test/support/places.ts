import type { Attempt, FaultPlan } from '@paceline/mock-provider'
import { ask, type ClientWire, type Seen } from './ask.ts'
import type { Stack } from './stack.ts'

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

/** What one call looked like from both of its ends. */
export interface Scene {
  readonly seen: Seen
  /** Who answered, after how many attempts, and whether it is whole: from the last event, or from the headers. */
  readonly account: unknown
  /** What the faulty provider was asked, and the healthy one, each attempt once it was over. */
  readonly atFaulty: readonly Attempt[]
  readonly atHealthy: readonly Attempt[]
}

/** One call on a route of its own, whose first provider has a fault. */
export async function play(
  stack: Stack,
  { client, order, faulty, healthy }: Place,
  fault: FaultPlan,
  options: Parameters<typeof ask>[3],
): Promise<Scene> {
  const route = stack.freshRoute(order)
  stack.spoil(faulty, route, fault)
  const seen = await ask(stack, client, route, options)
  return {
    seen,
    account: options.stream ? seen.paceline : accountOf(seen.headers),
    atFaulty: await stack.settled(faulty, route),
    atHealthy: await stack.settled(healthy, route),
  }
}

const accountOf = (headers: Headers): unknown => ({
  provider: headers.get('paceline-provider'),
  attempts: Number(headers.get('paceline-attempts')),
  answer: headers.get('paceline-answer'),
})
