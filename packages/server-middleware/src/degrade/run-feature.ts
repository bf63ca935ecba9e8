import { VARIANTS, type Variant } from '@paceline/core'

/**
 * What a feature does in each variant. Without `reduced`, `off` stands in for it; without `off`, a feature that is off
 * gives `undefined`, and the type says so.
 */
export interface Variants<F, R, O> {
  readonly full: () => F | Promise<F>
  readonly reduced?: () => R | Promise<R>
  readonly off?: () => O | Promise<O>
}

/** A variant threw. */
export interface VariantFailure {
  readonly variant: Variant
  readonly error: unknown
}

/**
 * Runs the chosen variant, and where it throws, those below it. What the last one throws is thrown on: a feature that
 * has no word for its absence does not fall silent when it breaks.
 *
 * @param onFailure told of each variant that threw; false ends the descent, as when nobody waits for the result any more
 */
export async function runFeature<F, R, O>(
  chosen: Variant,
  variants: Variants<F, R, O>,
  onFailure: (failure: VariantFailure) => boolean,
): Promise<F | R | O | undefined> {
  const below = VARIANTS.slice(VARIANTS.indexOf(chosen)).flatMap((variant) => {
    const run = variants[variant]
    return run === undefined ? [] : [{ variant, run }]
  })
  for (const [index, { variant, run }] of below.entries()) {
    try {
      return await run()
    } catch (error) {
      const goesOn = onFailure({ variant, error })
      if (!goesOn || index === below.length - 1) throw error
    }
  }
  return undefined
}
