import { expect, it } from 'vitest'
import { startHouse } from '../../scripts/faults/house.ts'
import { runSchedules } from '../../scripts/faults/run-schedules.ts'
import { Tally } from '../../scripts/faults/tally.ts'

/** A taste of `npm run faults`, which plays as many as one likes. */
const SCHEDULES = 200
const SEED = 20_260

it(
  'gives every user of random faults a whole answer, or one that says it is not',
  { timeout: 120_000 },
  async () => {
    const tally = new Tally(SEED)
    await runSchedules({
      seed: SEED,
      numbers: Array.from({ length: SCHEDULES }, (_, number) => number),
      open: () => startHouse(SEED),
      onDone: (outcome) => void tally.add(outcome),
    })
    const { failures, schedules, complete, incomplete } = tally.result
    expect(failures).toEqual([])
    expect(schedules).toBeGreaterThanOrEqual(SCHEDULES)
    // Both kinds of ends are among them, so that neither goes unjudged.
    expect(complete).toBeGreaterThan(SCHEDULES)
    expect(incomplete).toBeGreaterThan(0)
  },
)
