/** A step of a drill that did not come. */
export class StepMissing extends Error {
  override readonly name = 'StepMissing'
  readonly step: string

  constructor(step: string, why: string) {
    super(why)
    this.step = step
  }
}

/** Instants come from what is looked at, so looking more often would only cost. */
const LOOK_EVERY_MS = 25

/**
 * Waits for something to be there.
 *
 * @param look gives it, or undefined as long as it isn't there
 * @throws {StepMissing} with `why` when it does not come in time
 */
export async function until<T>(
  step: string,
  look: () => T | undefined | Promise<T | undefined>,
  withinMs: number,
  why: () => string,
): Promise<T> {
  const endsAt = performance.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > endsAt) throw new StepMissing(step, `${why()} (waited ${withinMs / 1_000} s)`)
    await pause(LOOK_EVERY_MS)
  }
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

/** Milliseconds since the epoch with their fractions, by one clock for everything that a drill times. */
export const clock = (): number => performance.timeOrigin + performance.now()
