import type { PublicDirectives } from '@paceline/core'
import { LONELY_ROUTE, POLICY, RIDERS } from '../drill-config.ts'
import { Seen } from '../incident.ts'
import type { Options } from '../options.ts'
import type { StepLog } from '../step-log.ts'
import { clock, StepMissing, until } from '../until.ts'
import { withTraffic } from '../with-traffic.ts'

const [LEADER] = RIDERS

/** Nobody can take over: users are told the truth, and so are people on call. */
export async function withoutAlternative(options: Options, log: StepLog): Promise<void> {
  await withTraffic(options, LONELY_ROUTE, async (house, caller) => {
    const seen = new Seen(caller, 0)
    const notices = async (): Promise<PublicDirectives['notices']> => {
      const response = await fetch(`${house.edgeUrl}/directives`)
      return ((await response.json()) as PublicDirectives).notices
    }
    await until(
      'healthy',
      () => seen.wellAgainAt(0) ?? undefined,
      20_000,
      () => seen.describe(),
    )
    const tiredAt = log.begin()
    house.tire(LEADER, 0, options.slower)
    log.add('fault', `${LEADER} ${options.slower} times slower, and it is alone on the route`)
    log.add(
      'breach',
      'three first tokens in a row too late',
      await until(
        'breach',
        () => seen.thirdLateInARow(`${LEADER}-0`, tiredAt),
        15_000,
        () => seen.describe(),
      ),
    )
    const called = await until(
      'person-told',
      () => house.onCall.pages.find(({ type }) => type === 'incident.needs-person'),
      15_000,
      () => 'nobody on call was told',
    )
    log.add('person-told', called.headline, called.at)
    const notice = await until(
      'users-told',
      async () => (await notices()).find(({ code }) => code === 'slow-answers-alone'),
      5_000,
      () => 'the public directives hold no notice',
    )
    log.add('users-told', `“${notice.symptom} ${notice.works} ${notice.action}”`)
    const capped = (await house.audit.read()).find(({ body }) => body.stage === 'execution')
    if (capped !== undefined)
      throw new StepMissing(
        'nothing-acted',
        `something was done although nobody could take over: ${capped.body['what'] as string}`,
      )
    house.tire(LEADER, 0, 1)
    const wellAt = clock()
    log.add('provider-well', `${LEADER} as fast as before`)
    log.add(
      'restored',
      `95 % below ${POLICY.restoredBelowMs} ms`,
      await until(
        'restored',
        () => seen.wellAgainAt(wellAt) ?? undefined,
        15_000,
        () => seen.describe(),
      ),
    )
    const closed = await until(
      'closed',
      () => house.onCall.pages.find(({ type }) => type === 'incident.closed'),
      15_000,
      () => 'nobody was told of its end',
    )
    log.add('closed', closed.headline, closed.at)
    await until(
      'notice-gone',
      async () => ((await notices()).length === 0 ? true : undefined),
      10_000,
      () => 'the notice still stands',
    )
    log.add('notice-gone', 'users are told nothing any more')
  })
}
