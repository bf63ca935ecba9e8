import { RIDERS, routeOf } from '../drill-config.ts'
import { Seen } from '../incident.ts'
import type { Options } from '../options.ts'
import type { StepLog } from '../step-log.ts'
import { clock, StepMissing, until } from '../until.ts'
import { withTraffic } from '../with-traffic.ts'

const [LEADER, NEXT] = RIDERS

/** A server is cut off: it keeps what it knows, everybody else goes on, and it catches up by itself. */
export async function withoutChannel(options: Options, log: StepLog): Promise<void> {
  await withTraffic(options, routeOf(0), async (house, caller) => {
    const { server, line } = house
    const seen = new Seen(caller, 0)
    await until(
      'healthy',
      () => seen.wellAgainAt(0) ?? undefined,
      20_000,
      () => seen.describe(),
    )
    await until(
      'connected',
      () => server.isConnected() || undefined,
      5_000,
      () => 'the server has no connection',
    )
    const cutAt = log.begin()
    line.cut()
    const known = server.arrivals.at(-1)?.version ?? 0
    log.add('cut', `a server that knows version ${known} is cut off`)
    await until(
      'noticed',
      () => !server.isConnected() || undefined,
      5_000,
      () => 'the server did not notice',
    )
    house.tire(LEADER, 0, options.slower)
    log.add('fault', `${LEADER} ${options.slower} times slower`)
    log.add(
      'traffic-moved',
      `${NEXT} leads: the gateway hears its directives another way`,
      await until(
        'traffic-moved',
        () => seen.firstLedBy(`${NEXT}-0`, cutAt),
        15_000,
        () => seen.describe(),
      ),
    )
    const movedAt = clock()
    log.add(
      'restored',
      'for users nothing is missing',
      await until(
        'restored',
        () => seen.wellAgainAt(movedAt) ?? undefined,
        15_000,
        () => seen.describe(),
      ),
    )
    if ((server.arrivals.at(-1)?.version ?? 0) !== known)
      throw new StepMissing('kept', 'the server holds other directives although it was cut off')
    log.add('kept', `the server goes on with version ${known}`)
    line.mend()
    const caughtUp = await until(
      'caught-up',
      () => server.arrivals.find(({ version }) => version > known),
      30_000,
      () => 'the server did not come back to the newest directives',
    )
    log.add('caught-up', `version ${caughtUp.version}, by itself`, caughtUp.at)
  })
}
