import type { Config } from '@paceline/core'

/** A provider that takes part, by the configuration and what is set. */
export interface Participant {
  readonly id: string
  /** What lets it in, for the reader: the variable of its key, or its address. */
  readonly by: string
}

/** Values of variables, from wherever they come. */
export type Variables = Readonly<Record<string, string | undefined>>

const isSet = (variables: Variables, name: string): boolean => (variables[name] ?? '') !== ''

/** Every variable that the configuration reads and that is set, for the Worker. */
export function variablesOf(
  { providers, keys, browserKeys, operators, notify }: Config,
  variables: Variables,
): Record<string, string> {
  const names = [
    ...Object.values(providers).flatMap(({ keyFrom, baseUrlFrom }) => [keyFrom, baseUrlFrom]),
    ...Object.values(keys).map(({ secretFrom }) => secretFrom),
    ...Object.values(browserKeys).map(({ keyFrom }) => keyFrom),
    ...Object.values(operators).map(({ tokenFrom }) => tokenFrom),
    ...Object.values(notify.webhooks).flatMap(({ urlFrom, secretFrom }) => [urlFrom, secretFrom]),
  ]
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = name === undefined ? undefined : variables[name]
      return name === undefined || value === undefined || value === '' ? [] : [[name, value]]
    }),
  )
}

/** The providers behind a route whose variables are set, in the order of its candidates. */
export function lineUp(config: Config, route: string, variables: Variables): Participant[] {
  const ids = (config.routes[route]?.candidates ?? []).flatMap(
    (model) => config.models[model]?.provider ?? [],
  )
  return [...new Set(ids)].flatMap((id) => {
    const provider = config.providers[id]
    if (provider === undefined) return []
    const { keyFrom, baseUrlFrom, baseUrl } = provider
    const needed = [keyFrom, baseUrlFrom].filter((name) => name !== undefined)
    if (!needed.every((name) => isSet(variables, name))) return []
    return [{ id, by: keyFrom ?? baseUrlFrom ?? baseUrl ?? id }]
  })
}
