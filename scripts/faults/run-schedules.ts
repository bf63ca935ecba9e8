import { pause } from '../drill/until.ts'
import type { House } from './house.ts'
import { playSchedule, type Outcome } from './play-schedule.ts'
import { scheduleOf } from './schedule.ts'
import { SLOTS } from './world.ts'

/** How many are under way at a time: most of them wait for a silent provider. */
const SIDE_BY_SIDE = 48

export interface RunOptions {
  readonly seed: number
  /** Numbers of the schedules to play. */
  readonly numbers: readonly number[]
  readonly open: () => Promise<House>
  readonly onDone: (outcome: Outcome) => void
}

/**
 * Plays schedules side by side, in as many houses as their slots need. The next house opens as soon as the last schedule
 * of the one before has begun: the slowest of each would otherwise keep all others waiting.
 */
export async function runSchedules({ seed, numbers, open, onDone }: RunOptions): Promise<void> {
  const houses: Promise<void>[] = []
  for (let from = 0; from < numbers.length; from += SLOTS) {
    const rest = numbers.slice(from, from + SLOTS)
    const house = await open()
    const begun = Promise.withResolvers<void>()
    const lanes = Array.from({ length: Math.min(SIDE_BY_SIDE, rest.length) }, async () => {
      for (let number = rest.shift(); number !== undefined; number = rest.shift()) {
        await keepUp(house)
        onDone(await playSchedule(scheduleOf(seed, number), house))
      }
      begun.resolve()
    })
    const over = closeAfter(lanes, house)
    houses.push(over)
    await Promise.race([begun.promise, over])
  }
  await Promise.all(houses)
}

async function closeAfter(lanes: readonly Promise<void>[], house: House): Promise<void> {
  try {
    await Promise.all(lanes)
  } finally {
    await house.close()
  }
}

/** A gateway that answers a question about nothing later than this has too much to do for timers to mean anything. */
const PROMPT_MS = 100
const BREATHER_MS = 250

/** Waits until the machine keeps up: its own slowness would look like that of providers. */
async function keepUp({ url }: House): Promise<void> {
  for (;;) {
    const askedAt = performance.now()
    const response = await fetch(`${url}/nothing`)
    await response.arrayBuffer()
    if (performance.now() - askedAt < PROMPT_MS) return
    await pause(BREATHER_MS)
  }
}
