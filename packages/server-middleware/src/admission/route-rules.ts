/** Looks up what a rule says about a request: the most specific one that matches, or the fallback. */
export type RouteRules<T> = (method: string, path: string) => T

/**
 * Rules by pattern: `/login`, `/billing/*` (everything below, and `/billing` itself), each optionally after a method, as
 * in `POST /orders`. Exact paths come before prefixes, longer prefixes before shorter, and a named method before any.
 * Paths are compared as routers do by default: case and a slash at the end make no difference.
 */
export function routeRules<T>(patterns: Iterable<readonly [string, T]>, fallback: T): RouteRules<T> {
  const exact = new Map<string, T>()
  const prefixes: { readonly method: string; readonly prefix: string; readonly value: T }[] = []
  for (const [pattern, value] of patterns) {
    const [path = '', method = ''] = pattern.split(' ').toReversed()
    if (path.endsWith('/*')) prefixes.push({ method, prefix: path.slice(0, -1).toLowerCase(), value })
    else exact.set(`${method} ${normalised(path)}`, value)
  }
  prefixes.sort((a, b) => b.prefix.length - a.prefix.length || b.method.length - a.method.length)

  return (method, path) => {
    const plain = normalised(path)
    const found = exact.get(`${method} ${plain}`) ?? exact.get(` ${plain}`)
    if (found !== undefined) return found
    const below = `${plain}/`
    for (const rule of prefixes)
      if ((rule.method === '' || rule.method === method) && below.startsWith(rule.prefix)) return rule.value
    return fallback
  }
}

const normalised = (path: string): string => {
  const lower = path.toLowerCase()
  return lower.length > 1 && lower.endsWith('/') ? lower.slice(0, -1) : lower
}
