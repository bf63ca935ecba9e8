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
  /** The step that was taken last; null before the first. */
  readonly lastStep: 1 | -1 | null
  /** When a step went back on the one before it, lately. */
  readonly turnedAt: readonly number[]
  /** True while a step down is withheld because the ladder goes up and down too often. */
  readonly latched: boolean
}

export const LADDER = {
  tickMs: 1_000,
  smoothing: 0.2,
  upAt: 0.85,
  upAfterMs: 3_000,
  downAt: 0.75,
  downAfterMs: 30_000,
  /** So many turns within the window; after them it does not turn down again. Many steps in one direction are none. */
  turns: 3,
  windowMs: 600_000,
} as const

/** What the ladder may reach by itself: the last mode needs more than one server's opinion. */
const HIGHEST = MODES.indexOf('essential')

export const bottomRung: Ladder = {
  mode: 'normal',
  pressure: 0,
  asking: null,
  lastStep: null,
  turnedAt: [],
  latched: false,
}

/**
 * The ladder after one more tick.
 *
 * @param load offered load as a share of the limit
 */
export function climb(ladder: Ladder, load: number, now: number): Ladder {
  const pressure = ladder.pressure + LADDER.smoothing * (load - ladder.pressure)
  const { mode, lastStep, asking, latched } = ladder
  const turnedAt = ladder.turnedAt.filter((at) => now - at < LADDER.windowMs)
  const rung = MODES.indexOf(mode)
  const step = askedFor(pressure, rung)
  if (step === null) return { mode, pressure, asking: null, lastStep, turnedAt, latched: false }

  const since = asking?.step === step ? asking.since : now
  const waiting = { mode, pressure, asking: { step, since }, lastStep, turnedAt }
  if (now - since < (step === 1 ? LADDER.upAfterMs : LADDER.downAfterMs))
    return { ...waiting, latched: latched && step === -1 }
  const isTurn = lastStep === -step
  // Protection is never withheld, nor the rest of a descent. Only to turn down again waits for the restless minutes.
  if (step === -1 && isTurn && turnedAt.length >= LADDER.turns) return { ...waiting, latched: true }
  return {
    mode: MODES[rung + step] ?? mode,
    pressure,
    asking: null,
    lastStep: step,
    turnedAt: isTurn ? [...turnedAt, now] : turnedAt,
    latched: false,
  }
}

function askedFor(pressure: number, rung: number): 1 | -1 | null {
  if (pressure > LADDER.upAt && rung < HIGHEST) return 1
  if (pressure < LADDER.downAt && rung > 0) return -1
  return null
}
