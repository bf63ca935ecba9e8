import type { AllowanceConfig, Rate } from '@paceline/core'

/** How much one key, or all keys of one tier, may ask for. */
export interface Allowance {
  /** Such as `key:app` or `tier:free`. */
  readonly subject: string
  /** How a message names it, such as "The key 'app'". */
  readonly name: string
  readonly requestsPerMinute: number | null
  readonly rate: Rate | null
  readonly requestsPerDay: number | null
}

/** Empty where nothing is limited, so that nothing has to be looked up. */
export function allowanceOf(kind: 'key' | 'tier', id: string, config: AllowanceConfig): Allowance[] {
  const { requestsPerMinute = null, burst = requestsPerMinute, requestsPerDay = null } = config
  if (requestsPerMinute === null && requestsPerDay === null) return []
  const rate =
    requestsPerMinute === null
      ? null
      : { perSecond: requestsPerMinute / 60, burst: burst ?? requestsPerMinute }
  return [{ subject: `${kind}:${id}`, name: `The ${kind} '${id}'`, requestsPerMinute, rate, requestsPerDay }]
}
