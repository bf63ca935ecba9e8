/** How much is lost when a request is turned away, most first. */
export const CRITICALITIES = ['critical', 'interactive', 'background', 'bulk'] as const
export type Criticality = (typeof CRITICALITIES)[number]

/** The header in which a caller says that its request matters less than usual. */
export const CRITICALITY_HEADER = 'paceline-criticality'

/** What a request counts as: callers may lower it and never raise it, or everybody would be critical. */
export function lowered(route: Criticality, header: string | null | undefined): Criticality {
  if (header === undefined || header === null) return route
  const asked = CRITICALITIES.findIndex((criticality) => criticality === header)
  return asked > CRITICALITIES.indexOf(route) ? (header as Criticality) : route
}
