import { RIDERS, routeOf } from '../drill-config.ts'
import { Seen } from '../incident.ts'
import type { Options } from '../options.ts'
import type { StepLog } from '../step-log.ts'
import { StepMissing, until } from '../until.ts'
import { withTraffic } from '../with-traffic.ts'

const [LEADER, NEXT] = RIDERS

/** The coordinator is dead: reflexes alone keep every answer whole, and fast again. */
export async function withoutCoordinator(options: Options, log: StepLog): Promise<void> {
  await withTraffic(
    { ...options, worker: 'worker-without-coordinator.ts' },
    routeOf(0),
    async (house, caller) => {
      const seen = new Seen(caller, 0)
      await until(
        'healthy',
        () => seen.wellAgainAt(0) ?? undefined,
        20_000,
        () => seen.describe(),
      )
      const downAt = log.begin()
      house.breakDown(LEADER, 0)
      log.add('fault', `${LEADER} refuses every request, and nobody coordinates`)
      const ledBy = (rider: string, since: number) => (): number | undefined =>
        seen.firstLedBy(`${rider}-0`, since)
      log.add(
        'failed-over',
        `${NEXT} answers in its place`,
        await until('failed-over', ledBy(NEXT, downAt), 5_000, () => seen.describe()),
      )
      log.add(
        'restored',
        'by failing over and the breaker alone',
        await until(
          'restored',
          () => seen.wellAgainAt(downAt) ?? undefined,
          15_000,
          () => seen.describe(),
        ),
      )
      house.tire(LEADER, 0, 1)
      const wellAt = performance.timeOrigin + performance.now()
      log.add('provider-well', `${LEADER} answers again`)
      log.add(
        'returned',
        'found by a probe, and grown back by steps',
        await until('returned', ledBy(LEADER, wellAt), 40_000, () => seen.describe()),
      )
      if (house.server.arrivals.some(({ version }) => version > 0))
        throw new StepMissing('no-directives', 'directives arrived although nobody is there to give them')
      if (house.onCall.pages.length > 0)
        throw new StepMissing('nobody-is-called', 'somebody was called by nobody')
      log.add('nothing', 'no directive came, and none was needed')
    },
  )
}
