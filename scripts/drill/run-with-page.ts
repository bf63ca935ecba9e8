import { Caller } from './caller.ts'
import { checkEnd } from './check-end.ts'
import { routeOf } from './drill-config.ts'
import { startHouse } from './house.ts'
import { playIncident, type IncidentTimes } from './incident.ts'
import { onSignal } from '../local/on-signal.ts'
import type { Options } from './options.ts'
import { PageUser } from './page-user.ts'
import { seededRandom } from './seeded-random.ts'
import type { StepLog } from './step-log.ts'
import { until } from './until.ts'

/** So many measured answers of the page, before the fault and after it. */
const TURNS = 5

/** One incident from the user's eye: a person at a real page, and apps that call the same route. */
export async function runWithPage(options: Options, log: StepLog): Promise<IncidentTimes> {
  const house = await startHouse(options)
  const letGo = onSignal(() => house.close())
  const caller = new Caller(house.edgeUrl, house.appKey, routeOf(0))
  try {
    // Imported when it is needed, because it is the build's output.
    const { startChat } = await import('@paceline/example-chat')
    const chat = await startChat({
      port: 0,
      gatewayUrl: house.edgeUrl,
      appKey: house.appKey,
      model: routeOf(0),
      providers: [],
      paceline: { edge: house.edgeUrl, secret: house.appKey },
      browser: { key: house.browserKey },
    })
    house.alsoClose(() => chat.close())
    const user = await PageUser.open(chat.url)
    house.alsoClose(() => user.close())
    caller.start(options.ratePerS, seededRandom(options.seed))
    user.start()
    const healthy = await until(
      'page-healthy',
      () => user.turns.filter(({ evidence }) => evidence === 'counted').at(TURNS - 1),
      20_000,
      () => `the edge has taken ${user.turns.length} turns of the page, too few of them as evidence`,
    )
    const times = await playIncident({ house, lane: 0, options, caller, log, user })
    await until(
      'page-restored',
      () => (user.turns.slice(-TURNS).every(({ ttfvtMs }) => ttfvtMs < 400) ? true : undefined),
      10_000,
      () =>
        `the page's last turns took ${user.turns
          .slice(-TURNS)
          .map(({ ttfvtMs }) => Math.round(ttfvtMs))
          .join(', ')} ms`,
    )
    log.add(
      'page-restored',
      `a person sees first characters after ${lastOf(user)} ms again, ${healthy.method}`,
    )
    await user.close()
    await caller.stop()
    checkEnd(house, [caller])
    return times
  } finally {
    await caller.stop()
    letGo()
    await house.close()
  }
}

const lastOf = ({ turns }: PageUser): number => Math.round(turns.at(-1)?.ttfvtMs ?? Number.NaN)
