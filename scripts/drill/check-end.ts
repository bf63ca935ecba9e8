import type { Caller, Ride } from './caller.ts'
import type { House } from './house.ts'
import { StepMissing } from './until.ts'

/**
 * What has to hold at the end of every drill, whatever it was about.
 *
 * @throws {StepMissing} where somebody was left without an answer, was told twice, or something broke inside
 */
export function checkEnd(house: House, callers: readonly Caller[]): void {
  const failed = callers.flatMap(({ failures }) => failures).find((ride) => !isExcused(ride, house.outages))
  if (failed !== undefined)
    throw new StepMissing('whole-answers', `a caller was left without a whole answer: ${failed.error}`)
  // A crash may send again what was on its way; nothing else may.
  if (house.onCall.repeats > house.outages.length)
    throw new StepMissing('told-once', 'people on call were told the same twice')
  if (house.onCall.forged > 0)
    throw new StepMissing('signed', 'people on call were sent something with a wrong signature')
  if (house.bugs[0] !== undefined) throw new StepMissing('no-bugs', `the Worker logged: ${house.bugs[0]}`)
}

/** While the whole edge is down nobody can be answered. */
const isExcused = ({ startedAt, endedAt }: Ride, outages: House['outages']): boolean =>
  outages.some(({ from, to }) => startedAt <= to && (endedAt ?? Infinity) >= from)
