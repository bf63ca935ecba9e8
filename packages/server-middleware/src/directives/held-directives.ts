import { inForce, isNewer, NO_DIRECTIVES, type InForce, type ServerDirectives } from '@paceline/core'

/** The last good directives, and how old they are. Instants are by the monotonic clock, in ms. */
export interface HeldDirectives {
  readonly directives: ServerDirectives
  /** Where they came from; `none` before the first. */
  readonly source: 'none' | 'disk' | 'edge'
  /** When they came: leases are counted from here, however often the same version comes again. */
  readonly receivedAt: number
  /** When the edge last said that they are the newest: from here on they grow stale. */
  readonly heardAt: number
}

export const nothingHeld: HeldDirectives = {
  directives: NO_DIRECTIVES,
  source: 'none',
  receivedAt: 0,
  heardAt: 0,
}

/** What became of a document whose signature is good. */
export type Consideration =
  | { readonly kind: 'taken' | 'known'; readonly held: HeldDirectives }
  | { readonly kind: 'older'; readonly epoch: number; readonly version: number }

/** Clocks of servers differ; by more than this, none is any good. */
const SKEW_MS = 300_000

/**
 * Takes a newer document, hears a known one again, and refuses an older one: a reader never goes back. One that was issued
 * longer ago than it is good for is old to a reader that holds nothing, too: somebody has kept it.
 *
 * @param now by the monotonic clock, and `epochNow` by the other one, in ms
 */
export function consider(
  held: HeldDirectives,
  next: ServerDirectives,
  now: number,
  epochNow: number,
): Consideration {
  if (epochNow - next.issuedAt > next.maxAgeMs + SKEW_MS)
    return { kind: 'older', epoch: next.epoch, version: next.version }
  if (isNewer(next, held.directives))
    return { kind: 'taken', held: { directives: next, source: 'edge', receivedAt: now, heardAt: now } }
  const { epoch, version } = next
  if (isNewer(held.directives, next)) return { kind: 'older', epoch, version }
  return { kind: 'known', held: heardAgain(held, now) }
}

/** The edge has nothing newer. */
export const heardAgain = (held: HeldDirectives, now: number): HeldDirectives =>
  held.source === 'none' ? held : { ...held, source: 'edge', heardAt: now }

/** What the held directives come to now. Before the first ones nothing is in force, and nothing can be stale. */
export function inForceAt({ directives, source, receivedAt, heardAt }: HeldDirectives, now: number): InForce {
  if (source === 'none') return { ...NO_DIRECTIVES.base, stale: false }
  const isStale = now - heardAt > directives.maxAgeMs
  // Confirmed directives are fresh however long ago they were first received; their leases run out all the same.
  const fresh = isStale ? directives : { ...directives, maxAgeMs: Number.POSITIVE_INFINITY }
  return inForce(fresh, now - receivedAt)
}

/** As the edge's `ETag` says it. */
export const etagOf = ({ directives: { epoch, version } }: HeldDirectives): string => `"${epoch}.${version}"`
