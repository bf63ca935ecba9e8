import type { Options } from './options.ts'
import { Caller } from './caller.ts'
import { routeOf } from './drill-config.ts'
import { startHouse } from './house.ts'
import { playIncident, type IncidentTimes, type Step } from './incident.ts'
import { seededRandom } from './seeded-random.ts'
export async function runWithPage(options: Options, onStep: (step: Step) => void): Promise<IncidentTimes> {
  const house = await startHouse(options)
  const caller = new Caller(house.edgeUrl, house.appKey, routeOf(0))
  caller.start(options.ratePerS, seededRandom(options.seed))
  try {
    return await playIncident({ house, lane: 0, options, caller, onStep })
  } finally {
    await caller.stop()
    await house.close()
  }
}
