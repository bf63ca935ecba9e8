import { Caller } from './caller.ts'
import { checkEnd } from './check-end.ts'
import { startHouse, type House, type HouseOptions } from './house.ts'
import { onSignal } from '../local/on-signal.ts'
import type { Options } from './options.ts'
import { seededRandom } from './seeded-random.ts'

/** Opens the house, lets users ask on one route, and leaves nothing running whatever happens. */
export async function withTraffic(
  options: Options & HouseOptions,
  route: string,
  play: (house: House, caller: Caller) => Promise<void>,
): Promise<void> {
  const house = await startHouse(options)
  const letGo = onSignal(() => house.close())
  const caller = new Caller(house.edgeUrl, house.appKey, route)
  caller.start(options.ratePerS, seededRandom(options.seed))
  try {
    await play(house, caller)
    await caller.stop()
    checkEnd(house, [caller])
  } finally {
    await caller.stop()
    letGo()
    await house.close()
  }
}
