import { routeOf } from '../drill-config.ts'
import { Seen } from '../incident.ts'
import type { Options } from '../options.ts'
import type { StepLog } from '../step-log.ts'
import { clock, StepMissing, until } from '../until.ts'
import { withTraffic } from '../with-traffic.ts'

/** So many healthy answers, with nothing to respond to. */
const ANSWERS = 150

/** Nothing is wrong, and so nothing may happen. */
export async function withoutFault(options: Options, log: StepLog): Promise<void> {
  await withTraffic(options, routeOf(0), async ({ audit, onCall, server }, caller) => {
    log.begin()
    const seen = new Seen(caller, 0)
    await until(
      'healthy',
      () => seen.wellAgainAt(0) ?? undefined,
      20_000,
      () => seen.describe(),
    )
    log.add('healthy', 'users are answered in time')
    const before = server.arrivals.at(-1)?.version
    const enough = (): true | undefined => (caller.spoken.length >= ANSWERS ? true : undefined)
    await until('answers', enough, 60_000, () => seen.describe())
    log.add('answers', `${ANSWERS} of them`)
    const acted = (await audit.read()).find(({ body }) => body.stage !== 'refused')
    if (acted !== undefined)
      throw new StepMissing(
        'nothing-happens',
        `the audit tells of a ${acted.body.stage} although nothing was wrong`,
      )
    if (onCall.pages.length > 0)
      throw new StepMissing('nobody-is-called', `people on call were told: ${onCall.pages[0]?.headline}`)
    if (server.arrivals.at(-1)?.version !== before)
      throw new StepMissing('directives-stay', 'the directives changed although nothing was wrong')
    log.add('nothing', 'no decision, no directive, nobody called', clock())
  })
}
