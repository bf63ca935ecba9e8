import { MODES, type Mode } from '@paceline/core'

/**
 * The server's own reflex: how far it steps back under its own load. One rung at a time, fast up and slow down, with a
 * gap between the two thresholds so that a load in between moves nothing.
 */
export interface Ladder {
  readonly mode: Mode
  /** Load as a share of the limit, smoothed. */
  readonly pressure: number
  /** Since when the pressure has been asking for a change, and for which. */
  readonly asking: { readonly step: 1 | -1; readonly since: number } | null
  /** When the rung changed lately. */
  readonly changedAt: readonly number[]
  /** True while a step down is withheld because the rung has changed too often. */
  readonly latched: boolean
}

export const LADDER = {
  tickMs: 1_000,
  smoothing: 0.2,
  upAt: 0.85,
  upAfterMs: 3_000,
  downAt: 0.75,
  downAfterMs: 30_000,
  /** So many changes within the window; after them it only goes up. */
  changes: 3,
  windowMs: 600_000,
} as const

/** What the ladder may reach by itself: the last mode needs more than one server's opinion. */
const HIGHEST = MODES.indexOf('essential')

export const bottomRung: Ladder = {
  mode: 'normal',
  pressure: 0,
  asking: null,
  changedAt: [],
  latched: false,
}

/**
 * The ladder after one more tick.
 *
 * @param load offered load as a share of the limit
 */
export function climb(ladder: Ladder, load: number, now: number): Ladder {
  const pressure = ladder.pressure + LADDER.smoothing * (load - ladder.pressure)
  const changedAt = ladder.changedAt.filter((at) => now - at < LADDER.windowMs)
  const rung = MODES.indexOf(ladder.mode)
  const step = askedFor(pressure, rung)
  if (step === null) return { mode: ladder.mode, pressure, asking: null, changedAt, latched: false }

  const since = ladder.asking?.step === step ? ladder.asking.since : now
  const waiting = { mode: ladder.mode, pressure, asking: { step, since }, changedAt }
  if (now - since < (step === 1 ? LADDER.upAfterMs : LADDER.downAfterMs))
    return { ...waiting, latched: ladder.latched && step === -1 }
  // Protection is never withheld. Only the way down waits, until the restless minutes are over.
  if (step === -1 && changedAt.length >= LADDER.changes) return { ...waiting, latched: true }
  const mode = MODES[rung + step] ?? ladder.mode
  return { mode, pressure, asking: null, changedAt: [...changedAt, now], latched: false }
}

function askedFor(pressure: number, rung: number): 1 | -1 | null {
  if (pressure > LADDER.upAt && rung < HIGHEST) return 1
  if (pressure < LADDER.downAt && rung > 0) return -1
  return null
}
