import type { Notice, PublicDirectives } from '@paceline/core'

/** Whom a notice may concern: where the page is, and who uses it. */
export interface Audience {
  readonly route?: string | undefined
  readonly region?: string | undefined
  readonly tier?: string | undefined
}

const SEVERITIES: readonly string[] = ['info', 'warning', 'critical']
export const weightOf = ({ severity }: Pick<Notice, 'severity'>): number => SEVERITIES.indexOf(severity)

/** The notices for this audience whose time has not run out, worst first. */
export const noticesInForce = (
  notices: PublicDirectives['notices'],
  ageMs: number,
  audience: Audience,
): PublicDirectives['notices'] =>
  notices
    .filter(({ ttlMs, select }) => ttlMs > ageMs && concerns(select, audience))
    .sort((a, b) => weightOf(b) - weightOf(a))

/** A selector that is left out leaves nobody out; where the page says nothing, the notice may concern it. */
const concerns = (select: Notice['select'], audience: Audience): boolean =>
  (['route', 'region', 'tier'] as const).every((key) => {
    const wanted = select[key]
    const own = audience[key]
    return wanted === undefined || own === undefined || wanted === own
  })
