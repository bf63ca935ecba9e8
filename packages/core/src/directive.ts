import * as v from 'valibot'
import { identifier } from './identifier.ts'

/**
 * Everything that the response does to gateway, servers and browsers: one small, complete, versioned document, in a
 * form for each. The state is a base and the leases on it, computed afresh by each reader: when a lease ends, what it
 * set is gone, even if nobody is left to say so.
 */

/** How far the whole app has stepped back, least first. */
export const MODES = ['normal', 'conserving', 'degraded', 'essential', 'emergency'] as const
/** How much of a feature is on. */
export const VARIANTS = ['full', 'reduced', 'off'] as const
export const SEVERITIES = ['info', 'warning', 'critical'] as const

export type Mode = (typeof MODES)[number]
export type Variant = (typeof VARIANTS)[number]

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const ttlMs = v.pipe(v.number(), v.minValue(0), v.maxValue(86_400_000))
const sentence = v.pipe(v.string(), v.maxLength(300))

/** A word to users about an incident: true, calm, and without a promise that nobody can keep. */
export const noticeSchema = v.object({
  id: identifier,
  incident: identifier,
  severity: v.picklist(SEVERITIES),
  /** Names the text for translations. */
  code: identifier,
  /** Whom it concerns; a selector that is left out leaves nobody out. */
  select: v.object({
    route: v.optional(identifier),
    region: v.optional(identifier),
    tier: v.optional(identifier),
  }),
  /** What users notice, what still works, and what is being done. */
  symptom: sentence,
  works: sentence,
  action: sentence,
  /** Since when, in epoch ms. */
  since: v.number(),
  /** When to expect the next word, in ms from the document's issue. */
  nextUpdateMs: ttlMs,
})
export type Notice = v.InferOutput<typeof noticeSchema>

/** What may be done to the traffic of one candidate on one route. */
const shareSetSchema = v.object({
  /** The most of its traffic that it may lead, 0 to 1. At 0 it is only asked when all others have failed. */
  cap: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  /** Ask it a small question of the gateway's own this often, so that its state stays known, in ms. */
  probeEveryMs: v.optional(v.pipe(v.number(), v.minValue(50), v.maxValue(3_600_000))),
})
export type ShareSet = v.InferOutput<typeof shareSetSchema>

/** By route, then by candidate. */
const sharesSchema = v.record(identifier, v.record(identifier, shareSetSchema))
export type Shares = v.InferOutput<typeof sharesSchema>

const setsSchema = v.object({
  mode: v.optional(v.picklist(MODES)),
  shares: v.optional(sharesSchema),
  features: v.optional(v.record(identifier, v.picklist(VARIANTS))),
  notices: v.optional(v.array(noticeSchema)),
})
/** What a lease changes; what it leaves out stays as it is. */
export type Sets = v.InferOutput<typeof setsSchema>

const leaseSchema = v.object({
  id: identifier,
  incident: identifier,
  /** Where two leases set the same thing, the higher one holds; at the same height the more careful one. */
  priority: v.number(),
  sets: setsSchema,
  /** Time left when the document was issued. */
  ttlMs,
})
export type Lease = v.InferOutput<typeof leaseSchema>

const baseSchema = v.object({
  mode: v.picklist(MODES),
  shares: sharesSchema,
  features: v.record(identifier, v.picklist(VARIANTS)),
  notices: v.array(noticeSchema),
  /** Part of the browser sessions that report, 0 to 1. */
  sampling: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  /** False turns every browser SDK off. */
  sdk: v.boolean(),
})
/** What holds as long as nobody has leased anything else. */
export type Base = v.InferOutput<typeof baseSchema>

const versionEntries = {
  /** Grows when a coordinator starts without its past. */
  epoch: count,
  /** Grows with every publication. */
  version: count,
  /** By the coordinator's clock, in epoch ms; for people to read. Ages are measured by the reader's own clock. */
  issuedAt: v.number(),
  /** A document older than this is stale: its base stays, its leases drop. */
  maxAgeMs: ttlMs,
}

/** The document for gateways and servers. */
export const serverDirectivesSchema = v.object({
  ...versionEntries,
  base: baseSchema,
  leases: v.array(leaseSchema),
})
export type ServerDirectives = v.InferOutput<typeof serverDirectivesSchema>

/** The document for browsers: the part that anyone may read. */
export const publicDirectivesSchema = v.object({
  ...versionEntries,
  sdk: v.boolean(),
  sampling: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  mode: v.picklist(MODES),
  /** Each with the time that is left of it. */
  notices: v.array(v.object({ ...noticeSchema.entries, ttlMs })),
})
export type PublicDirectives = v.InferOutput<typeof publicDirectivesSchema>

export interface Version {
  readonly epoch: number
  readonly version: number
}

/** What a reader holds before it has heard anything. */
export const NO_DIRECTIVES: ServerDirectives = {
  epoch: 0,
  version: 0,
  issuedAt: 0,
  maxAgeMs: 0,
  base: { mode: 'normal', shares: {}, features: {}, notices: [], sampling: 1, sdk: true },
  leases: [],
}

/** Whether `next` may replace `current`: a reader never goes back. */
export const isNewer = (next: Version, current: Version): boolean =>
  next.epoch > current.epoch || (next.epoch === current.epoch && next.version > current.version)

/** What directives come to at one moment. */
export interface InForce extends Base {
  /** True when nothing has been heard for longer than the document is good for. */
  readonly stale: boolean
}

/**
 * The base and the leases that still run.
 *
 * @param ageMs since the document was received, by the reader's monotonic clock
 */
export function inForce({ base, leases, maxAgeMs }: ServerDirectives, ageMs: number): InForce {
  const stale = ageMs > maxAgeMs
  const running = stale ? [] : leases.filter((lease) => lease.ttlMs > ageMs).sort(byPriority)
  return { ...byLevel(running).reduce<Base>(apply, base), stale }
}

const byPriority = (a: Lease, b: Lease): number => a.priority - b.priority || (a.id < b.id ? -1 : 1)

/** What the leases of each priority set together, the lowest first. */
function byLevel(running: readonly Lease[]): readonly Sets[] {
  const levels = new Map<number, Sets>()
  for (const { priority, sets } of running) {
    const known = levels.get(priority)
    levels.set(priority, known === undefined ? sets : moreCareful(known, sets))
  }
  return [...levels.values()]
}

/** The more careful of each thing that both set: one lease may rest one candidate, and another one another. */
const moreCareful = (one: Sets, other: Sets): Sets => ({
  mode: MODES.findLast((mode) => mode === one.mode || mode === other.mode),
  shares: merge(one.shares, other.shares, (a, b) => merge(a, b, lessShare)),
  features: merge(one.features, other.features, (a, b) =>
    VARIANTS.indexOf(a) < VARIANTS.indexOf(b) ? b : a,
  ),
  notices: addNotices(one.notices ?? [], other.notices ?? []),
})

const lessShare = (one: ShareSet, other: ShareSet): ShareSet => {
  const cap = Math.min(one.cap, other.cap)
  const probeEveryMs = Math.min(one.probeEveryMs ?? Infinity, other.probeEveryMs ?? Infinity)
  return probeEveryMs === Infinity ? { cap } : { cap, probeEveryMs }
}

const apply = (below: Base, { mode, shares, features, notices = [] }: Sets): Base => ({
  ...below,
  mode: mode ?? below.mode,
  shares: merge(below.shares, shares, (a, b) => ({ ...a, ...b })),
  features: { ...below.features, ...features },
  notices: addNotices(below.notices, notices),
})

const addNotices = (below: readonly Notice[], above: readonly Notice[]): Notice[] => [
  ...below.filter(({ id }) => above.every((notice) => notice.id !== id)),
  ...above,
]

function merge<T>(
  below: Readonly<Record<string, T>> = {},
  above: Readonly<Record<string, T>> = {},
  both: (below: T, above: T) => T,
): Record<string, T> {
  const joined = Object.entries(above).map(([name, value]) => {
    // Names come from the configuration, where a route may be called 'constructor'.
    const known = Object.hasOwn(below, name) ? below[name] : undefined
    return [name, known === undefined ? value : both(known, value)] as const
  })
  return { ...below, ...Object.fromEntries(joined) }
}

/** The public form of a document as it is issued. */
export function publicForm(directives: ServerDirectives): PublicDirectives {
  const { epoch, version, issuedAt, maxAgeMs, leases } = directives
  const { sdk, sampling, mode, notices } = inForce(directives, 0)
  const timeLeft = (id: string): number => {
    const own = leases.filter(({ sets }) => sets.notices?.some((notice) => notice.id === id) === true)
    return own.length === 0 ? maxAgeMs : Math.max(...own.map(({ ttlMs }) => ttlMs))
  }
  return {
    epoch,
    version,
    issuedAt,
    maxAgeMs,
    sdk,
    sampling,
    mode,
    notices: notices.map((notice) => ({ ...notice, ttlMs: timeLeft(notice.id) })),
  }
}
