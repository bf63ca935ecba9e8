import { routeOf } from '../drill-config.ts'
import { playIncident } from '../incident.ts'
import type { Options } from '../options.ts'
import { StepLog } from '../step-log.ts'
import { StepMissing } from '../until.ts'
import { withTraffic } from '../with-traffic.ts'

/** After these steps the power goes, one of them in each incident. */
const MOMENTS = ['breach', 'directive', 'opened', 'verified', 'provider-well', 'return-began', 'returned']

/** The Worker is killed in the middle of incidents: each one goes on where it was, and nothing is done twice. */
export async function withoutPower(options: Options, log: StepLog): Promise<void> {
  await withTraffic(options, routeOf(0), async (house, caller) => {
    log.begin()
    for (const moment of MOMENTS) {
      const crashes: Promise<void>[] = []
      const inner = new StepLog(({ name }) => {
        if (name === moment && crashes.length === 0) crashes.push(house.crash())
      })
      const since = (await house.audit.read()).at(-1)?.sequence ?? 0
      await playIncident({ house, lane: 0, options, caller, log: inner })
      await Promise.all(crashes)
      const lines = (await house.audit.read()).filter(({ sequence }) => sequence > since)
      checkOnce(
        lines.map(({ incident, body }) => ({ incident, what: `${body.stage} ${String(body['what'])}` })),
      )
      log.add(`after ${moment}`, 'killed, started again, and the incident went on to its end')
      caller.forget()
    }
  })
}

/** One incident, and each of its actions and its outcome once. */
function checkOnce(lines: readonly { incident: string | null; what: string }[]): void {
  const incidents = new Set(lines.flatMap(({ incident }) => incident ?? []))
  if (incidents.size !== 1)
    throw new StepMissing('one-incident', `one fault has become ${incidents.size} incidents`)
  for (const once of [
    'execution traffic-moved',
    'execution restored',
    'execution return-began',
    'learning undefined',
  ]) {
    const count = lines.filter(({ what }) => what === once).length
    if (count !== 1) throw new StepMissing('once', `'${once}' was written down ${count} times`)
  }
}
