import { VARIANTS, type Mode, type Variant } from '@paceline/core'
import { isAtLeast } from '../mode/effective-mode.ts'

/** From which mode on a feature gives way. What is left out never happens by mode. */
export interface FeatureRule {
  readonly reducedAt?: Mode | undefined
  readonly offAt?: Mode | undefined
}

/** How much of a feature there is: the more careful of what its rule and what a directive says. */
export function variantFor(rule: FeatureRule, mode: Mode, directive: Variant = 'full'): Variant {
  const byRule = ruled(rule, mode)
  return VARIANTS.indexOf(directive) > VARIANTS.indexOf(byRule) ? directive : byRule
}

function ruled({ reducedAt, offAt }: FeatureRule, mode: Mode): Variant {
  if (offAt !== undefined && isAtLeast(mode, offAt)) return 'off'
  return reducedAt !== undefined && isAtLeast(mode, reducedAt) ? 'reduced' : 'full'
}
