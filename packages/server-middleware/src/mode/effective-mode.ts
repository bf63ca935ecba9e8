import { MODES, type EventOf, type Mode } from '@paceline/core'

/** A person's word on the mode. It always ends by itself. */
export interface Pin {
  readonly mode: Mode
  readonly reason: string
  /** By the monotonic clock, in ms. */
  readonly endsAt: number
}

export interface Opinions {
  /** Of the server's own ladder. */
  readonly local: Mode
  /** Of the directives. */
  readonly global: Mode
  readonly pin: Pin | null
}

export type Cause = EventOf<'server.mode.changed'>['data']['cause']

export const isAtLeast = (mode: Mode, rung: Mode): boolean => MODES.indexOf(mode) >= MODES.indexOf(rung)

/** The more severe of both opinions, unless a person has decided. */
export function effectiveMode({ local, global, pin }: Opinions): Mode {
  if (pin !== null) return pin.mode
  return isAtLeast(global, local) ? global : local
}

export const runningPin = (pin: Pin | null, now: number): Pin | null =>
  pin !== null && now < pin.endsAt ? pin : null

/** Whose opinion changed the effective mode. */
export function causeOf(before: Opinions, after: Opinions): Cause {
  if (before.pin !== after.pin) return 'pin'
  const byGlobal = effectiveMode({ ...before, global: after.global }) === effectiveMode(after)
  return before.global !== after.global && byGlobal ? 'global' : 'local'
}
