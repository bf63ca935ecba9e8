/** What a visitor can do to a mock provider. */
export const conditions = ['fresh', 'tired', 'hanging', 'cut', 'down'] as const
export type Condition = (typeof conditions)[number]

/** What a provider's control endpoint may say beyond that: a fault that this page did not set, or no answer at all. */
export const observedConditions = [...conditions, 'other', 'unreachable'] as const
export type ObservedCondition = (typeof observedConditions)[number]

const faults = {
  tired: { kind: 'slow', factor: 10 },
  hanging: { kind: 'silence' },
  cut: { kind: 'cut', afterTokens: 8 },
  down: { kind: 'unavailable' },
} as const satisfies Record<Exclude<Condition, 'fresh'>, Readonly<Record<string, string | number>>>

/** The fault that a mock provider is told to play; none for `fresh`. */
export function faultOf(condition: Condition): (typeof faults)[keyof typeof faults] | undefined {
  return condition === 'fresh' ? undefined : faults[condition]
}

/** The condition that a provider's faults amount to. */
export function conditionOf(faults: readonly { readonly kind: string }[]): ObservedCondition {
  const [fault, ...more] = faults
  if (fault === undefined) return 'fresh'
  if (more.length > 0) return 'other'
  return conditions.find((condition) => faultOf(condition)?.kind === fault.kind) ?? 'other'
}
