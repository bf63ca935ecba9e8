import type { ConfigIssue } from './config-error.ts'
import type { Config } from './schema.ts'

/** Settings that are right each by itself and can't hold together. */
export function findContradictions(config: Config): ConfigIssue[] {
  return [
    ...unreachableProviders(config),
    ...sharedSecrets(config),
    ...shortTotals(config),
    ...shortLives(config),
    ...blindTests(config),
    ...idleBursts(config),
    ...crossedLimits(config),
  ]
}

/** How a provider is reached belongs to its wire: Workers AI by a binding, all others by an address. */
function unreachableProviders({ providers }: Config): ConfigIssue[] {
  return Object.entries(providers).flatMap(([id, provider]) => {
    const issue = (name: keyof typeof provider, mend: string): ConfigIssue => ({
      field: `providers.${id}.${name}`,
      value: JSON.stringify(provider[name]) ?? 'missing',
      mend,
    })
    if (provider.wire !== 'workers-ai') {
      if (provider.binding !== undefined)
        return [issue('binding', 'Remove it: only the wire "workers-ai" is reached by a binding.')]
      return provider.wire === 'gemini' && provider.baseUrl?.replace(/\/+$/, '').endsWith('/openai')
        ? [issue('baseUrl', 'Leave /openai off, or make the wire "openai": that address speaks it.')]
        : []
    }
    const surplus = (['baseUrl', 'baseUrlFrom', 'keyFrom'] as const).filter(
      (name) => provider[name] !== undefined,
    )
    return [
      ...(provider.binding === undefined
        ? [issue('binding', 'Add the name of the binding to Workers AI, such as "AI".')]
        : []),
      ...surplus.map((name) =>
        issue(name, 'Remove it: Workers AI is reached by its binding, without address and key.'),
      ),
    ]
  })
}

/** Whoever sends a secret that two keys have would be taken for the one or the other. */
function sharedSecrets({ keys }: Config): ConfigIssue[] {
  const entries = Object.entries(keys)
  return entries.flatMap(([name, { secretFrom }], index) => {
    const [earlier] = entries.slice(0, index).find(([, key]) => key.secretFrom === secretFrom) ?? []
    return earlier === undefined
      ? []
      : [
          {
            field: `keys.${name}.secretFrom`,
            value: JSON.stringify(secretFrom),
            mend: `Give it a secret of its own: '${earlier}' has this one, and nobody could tell which of the two was sent.`,
          },
        ]
  })
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

function idleBursts({ keys, tiers }: Config): ConfigIssue[] {
  return Object.entries({ keys, tiers }).flatMap(([part, entries]) =>
    Object.entries(entries).flatMap(([id, { burst, requestsPerMinute }]) =>
      burst === undefined || requestsPerMinute !== undefined
        ? []
        : [
            {
              field: `${part}.${id}.burst`,
              value: String(burst),
              mend: 'Add requestsPerMinute, or remove it: a burst is how much of that may come at once.',
            },
          ],
    ),
  )
}

function crossedLimits({ limits: { inFlight } }: Config): ConfigIssue[] {
  const { initial, min, max } = inFlight
  if (min <= initial && initial <= max) return []
  return [
    {
      field: 'limits.inFlight',
      value: JSON.stringify(inFlight),
      mend: 'Make min at most initial, and initial at most max.',
    },
  ]
}
