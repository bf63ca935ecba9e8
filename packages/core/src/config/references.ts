import type { ConfigIssue } from './config-error.ts'
import type { Config } from './schema.ts'

/** Every name that a configuration uses without defining it, and every part that is there for nothing. */
export function findBrokenReferences(config: Config): ConfigIssue[] {
  return [
    ...emptyParts(config),
    ...modelProviders(config),
    ...routeCandidates(config),
    ...keyRoutes(config),
    ...keyTiers(config),
    ...claims(config),
  ]
}

function emptyParts(config: Config): ConfigIssue[] {
  return (['providers', 'models', 'routes', 'keys'] as const)
    .filter((part) => Object.keys(config[part]).length === 0)
    .map((part) => ({ field: part, value: '{}', mend: `Define at least one of the ${part}.` }))
}

function modelProviders(config: Config): ConfigIssue[] {
  return Object.entries(config.models).flatMap(([id, model]) =>
    missing(`models.${id}.provider`, model.provider, config.providers, 'provider'),
  )
}

function routeCandidates(config: Config): ConfigIssue[] {
  return Object.entries(config.routes).flatMap(([id, route]) =>
    route.candidates.flatMap((candidate, index) => {
      const field = `routes.${id}.candidates[${index}]`
      if (route.candidates.indexOf(candidate) < index) {
        return [{ field, value: JSON.stringify(candidate), mend: 'Name each candidate once.' }]
      }
      return missing(field, candidate, config.models, 'model')
    }),
  )
}

function keyRoutes(config: Config): ConfigIssue[] {
  return Object.entries(config.keys).flatMap(([id, key]) =>
    (key.routes ?? []).flatMap((route, index) =>
      missing(`keys.${id}.routes[${index}]`, route, config.routes, 'route'),
    ),
  )
}

function keyTiers(config: Config): ConfigIssue[] {
  return Object.entries(config.keys).flatMap(([id, { tier }]) =>
    tier === undefined ? [] : missing(`keys.${id}.tier`, tier, config.tiers, 'tier'),
  )
}

/** Two routes that claim the same model name: only one could ever answer it. */
function claims(config: Config): ConfigIssue[] {
  const owner = new Map(Object.keys(config.routes).map((id) => [id, id]))
  const issues: ConfigIssue[] = []
  for (const [id, route] of Object.entries(config.routes)) {
    for (const [index, name] of route.accepts.entries()) {
      const other = owner.get(name)
      if (other === undefined) owner.set(name, id)
      else {
        const field = `routes.${id}.accepts[${index}]`
        issues.push({
          field,
          value: JSON.stringify(name),
          mend: `Remove it: the route "${other}" answers this name already.`,
        })
      }
    }
  }
  return issues
}

function missing(
  field: string,
  name: string,
  known: Readonly<Record<string, unknown>>,
  kind: string,
): ConfigIssue[] {
  if (Object.hasOwn(known, name)) return []
  const names = Object.keys(known)
  const list = names.length === 0 ? 'none is defined' : `defined: ${names.join(', ')}`
  return [
    { field, value: JSON.stringify(name), mend: `No such ${kind} (${list}). Define it, or name another.` },
  ]
}
