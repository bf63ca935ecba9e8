import { MODES, type Mode } from '@paceline/core'
import type { PinOptions } from '../paceline.ts'
import type { Pin } from './effective-mode.ts'

const LONGEST_MS = 86_400_000

/** @throws where the mode is none, the time isn't between 1 ms and a day, or no reason is given */
export function pinFor(mode: Mode, { ttlMs, reason }: PinOptions, now: number): Pin {
  if (!MODES.includes(mode)) throw new TypeError(`"${mode}" is no mode: pin one of ${MODES.join(', ')}.`)
  if (!(ttlMs >= 1 && ttlMs <= LONGEST_MS))
    throw new RangeError(
      `ttlMs is ${ttlMs}: a pin lasts from 1 to ${LONGEST_MS} ms, so that none is forgotten.`,
    )
  if (typeof reason !== 'string' || reason.trim() === '')
    throw new TypeError('reason is empty: say why, for those who find the server pinned.')
  return { mode, reason, endsAt: now + ttlMs }
}
