import type { ConfigIssue } from './config-error.ts'
import type { Config } from './schema.ts'

/** Settings that are right each by itself and can't hold together. */
export function findContradictions(config: Config): ConfigIssue[] {
  return [...shortTotals(config), ...shortLives(config), ...blindTests(config)]
}

function shortTotals(config: Config): ConfigIssue[] {
  return Object.entries(config.routes).flatMap(([id, { timers }]) =>
    (['headersMs', 'firstOutputMs'] as const)
      .filter((phase) => timers[phase] > timers.totalMs)
      .map((phase) => ({
        field: `routes.${id}.timers.totalMs`,
        value: String(timers.totalMs),
        mend: `Make it at least ${phase} (${timers[phase]}): no attempt could use the time that it is given.`,
      })),
  )
}

function shortLives(config: Config): ConfigIssue[] {
  return Object.entries(config.routes).flatMap(([id, { cache }]) => {
    if (cache === undefined) return []
    const { freshMs, staleMs, refreshAheadMs } = cache
    const field = `routes.${id}.cache`
    const stale = {
      field: `${field}.staleMs`,
      value: String(staleMs),
      mend: `Make it at least freshMs (${freshMs}): what is fresh is of use when nobody can answer, too.`,
    }
    const ahead = {
      field: `${field}.refreshAheadMs`,
      value: String(refreshAheadMs),
      mend: `Make it less than freshMs (${freshMs}): otherwise every answer would be asked for anew at once.`,
    }
    return [...(staleMs < freshMs ? [stale] : []), ...(refreshAheadMs >= freshMs ? [ahead] : [])]
  })
}

function blindTests({ playbooks }: Config): ConfigIssue[] {
  const { usualLate, faultyLate } = playbooks['ttfvt-breach']
  if (faultyLate > usualLate) return []
  return [
    {
      field: 'playbooks.ttfvt-breach.faultyLate',
      value: String(faultyLate),
      mend: `Make it more than usualLate (${usualLate}): otherwise what is usual would prove a fault.`,
    },
  ]
}
