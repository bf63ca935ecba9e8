import type { Fault } from '@paceline/mock-provider'
import { seededRandom } from '../drill/seeded-random.ts'
import { pick, randomFault, randomOddity, upTo } from './random-fault.ts'
import { healthyOf, SLOTS, variantOf, type ProviderName } from './world.ts'

/** What one user asks for. */
export interface Ask {
  /** Stands in the prompt, so that a provider's attempts can be told apart. */
  readonly tag: string
  readonly client: 'openai' | 'anthropic'
  readonly stream: boolean
  /** Offers a tool, so that the answer is a call. */
  readonly tool: boolean
}

/** A little play: providers with their faults, one of them well, and users who ask. */
export interface Schedule {
  readonly seed: number
  readonly number: number
  readonly slot: number
  readonly faults: Readonly<Partial<Record<ProviderName, readonly Fault[]>>>
  readonly healthy: ProviderName
  /** Users in waves: those of one wave ask at once. */
  readonly waves: readonly (readonly Ask[])[]
}

/** The same for the same seed and number, whatever else is played. */
export function scheduleOf(seed: number, number: number): Schedule {
  const random = seededRandom(Math.imul(seed, 1_000_003) + Math.imul(number, 7_919))
  // The first numbers of neighbouring seeds are alike.
  for (let warm = 0; warm < 8; warm += 1) random()
  const slot = number % SLOTS
  const { providers } = variantOf(slot)
  const healthy = healthyOf(slot)
  const faults = providers.map((provider) => {
    const oddity = random() < 0.4 ? [randomOddity(random)] : []
    return [provider, provider === healthy ? oddity : [...oddity, randomFault(random)]] as const
  })
  const waves = Array.from({ length: 1 + upTo(random, 2) }, (_, wave) =>
    Array.from({ length: random() < 0.8 ? 1 : 2 + upTo(random, 6) }, (_, place) => ({
      tag: `<${seed}.${number}.${wave}.${place}>`,
      client: pick(random, ['openai', 'anthropic'] as const),
      stream: random() < 0.7,
      tool: random() < 0.2,
    })),
  )
  return { seed, number, slot, faults: Object.fromEntries(faults), healthy, waves }
}
