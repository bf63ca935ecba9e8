import { Caller } from './caller.ts'
import { checkEnd } from './check-end.ts'
import { lanes, routeOf } from './drill-config.ts'
import type { House } from './house.ts'
import { playIncident, type IncidentTimes } from './incident.ts'
import type { Options } from './options.ts'
import { StepLog } from './step-log.ts'
import { seededRandom } from './seeded-random.ts'

/** Plays so many incidents: the lanes side by side, each one after the other, with users who ask all the time. */
export async function runIncidents(
  house: House,
  options: Options,
  onDone: (times: IncidentTimes) => void,
): Promise<void> {
  const progress = { begun: 0, failed: false }
  const callers: Caller[] = []
  const playLane = async (lane: number): Promise<void> => {
    const caller = new Caller(house.edgeUrl, house.appKey, routeOf(lane))
    callers.push(caller)
    caller.start(options.ratePerS, seededRandom(options.seed + lane))
    try {
      while (progress.begun < options.incidents && !progress.failed) {
        progress.begun += 1
        onDone(await playIncident({ house, lane, options, caller, log: new StepLog() }))
        caller.forget()
      }
    } catch (error) {
      progress.failed = true
      throw error
    } finally {
      await caller.stop()
    }
  }
  const ended = await Promise.allSettled(lanes.slice(0, options.incidents).map(playLane))
  for (const end of ended) if (end.status === 'rejected') throw end.reason
  checkEnd(house, callers)
}
