/** What the Worker of a run and those who ask it have to agree on. */

export const PROVIDERS = ['north', 'south', 'east'] as const
export type ProviderName = (typeof PROVIDERS)[number]

export const WIRE_OF = { north: 'openai', south: 'anthropic', east: 'openai' } as const

export const urlVariable = (provider: ProviderName): string => `${provider.toUpperCase()}_URL`

/** Schedules that fit into one Worker: each has models of its own, since health remembers. */
export const SLOTS = 500

/**
 * Who stands on a route, and in which order. The variants follow one another from slot to slot: every two and all
 * three, in every strict order, and by share.
 */
export const VARIANTS: readonly {
  readonly order: 'strict' | 'share'
  readonly providers: readonly ProviderName[]
}[] = [
  ...['ns', 'sn', 'ne', 'en', 'se', 'es', 'nse', 'nes', 'sne', 'sen', 'ens', 'esn'].map((letters) => ({
    order: 'strict' as const,
    providers: Array.from(letters).flatMap((letter) => PROVIDERS.filter((name) => name.startsWith(letter))),
  })),
  ...[['north', 'south'] as const, ['south', 'east'] as const, PROVIDERS].map((providers) => ({
    order: 'share' as const,
    providers,
  })),
]

export const variantOf = (slot: number): (typeof VARIANTS)[number] => {
  const variant = VARIANTS[slot % VARIANTS.length]
  if (variant === undefined) throw new Error('there are no variants')
  return variant
}

export const routeOf = (slot: number): string => `slot-${slot}`
/** What providers call the model of a slot. */
export const modelOf = (slot: number): string => `case-${slot}`

/** Which of a slot's providers is well. It stands in the configuration, so that it can be given more time. */
export function healthyOf(slot: number): ProviderName {
  const { providers } = variantOf(slot)
  const healthy = providers[Math.floor(slot / VARIANTS.length) % providers.length]
  if (healthy === undefined) throw new Error('there are no providers')
  return healthy
}

export const TOTAL_MS = 60_000

/** Short, since thousands of silences have to be waited for; but a gap long enough for a busy machine. */
export const TIMERS = {
  headersMs: 800,
  firstOutputMs: 1_000,
  gapMs: 5_000,
  answerMs: 1_500,
  totalMs: TOTAL_MS,
} as const

/** Of the provider that is well: what it needs on a busy machine must never count as its silence. */
export const HEALTHY_TIMERS = {
  headersMs: 10_000,
  firstOutputMs: 10_000,
  gapMs: 10_000,
  answerMs: 15_000,
} as const

export const MAX_ATTEMPTS = 4

/** Largest event and body, in bytes. */
export const ANSWER_BYTES = 200_000
