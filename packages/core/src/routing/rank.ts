import { NEWCOMER, type CandidateShare, type ShareSnapshot } from './health.ts'
import { p95For } from './healthy-latency.ts'
import type { PromptSize } from './prompt-size.ts'

/** The order in which candidates are asked. */
export interface Ranking<C> {
  readonly order: readonly [C, ...C[]]
  /** False when health permits no candidate at all: then `order` holds one of them, for a single attempt. */
  readonly permitted: boolean
  /**
   * The first one is in a brown-out and another one is not: it is tried only to see whether it is well again, and an
   * attempt elsewhere should start together with it, so that nobody waits for that.
   */
  readonly trickle: boolean
}

export interface RankOptions {
  /** Asks candidates in a brown-out after all others: for requests that must not be risked to try them. */
  readonly avoidBrownOut?: boolean
}

export const shareFor = (snapshot: ShareSnapshot, id: string): CandidateShare =>
  // Ids come from the configuration, where a model may be called 'constructor'.
  (Object.hasOwn(snapshot.shares, id) ? snapshot.shares[id] : undefined) ?? NEWCOMER

/**
 * How soon a candidate speaks while it is well: the 95th percentile in ms, and at most a fifth too high. It stands still
 * while the candidate is not well. Null while too few first outputs have been seen.
 */
export const healthyP95 = (snapshot: ShareSnapshot, id: string, promptSize: PromptSize): number | null =>
  p95For(shareFor(snapshot, id).healthyP95Ms, promptSize)

/**
 * Orders the candidates of one request.
 *
 * `share`: a weighted draw without replacement, so that traffic follows the shares and every further attempt goes to
 * the next best draw. `strict`: as configured, except that a candidate keeps its place only with the probability of
 * its share, so that one that grows back or tires is relieved by degrees here, too; those that don't follow by lot. In
 * both, one in a brown-out leads no
 * more than its share of all requests, however little the others have; where all are in one, they are equals again.
 *
 * @param random uniform in [0, 1)
 */
export function rank<C extends { readonly id: string }>(
  candidates: readonly [C, ...C[]],
  snapshot: ShareSnapshot,
  order: 'share' | 'strict',
  random: () => number,
  options: RankOptions = {},
): Ranking<C> {
  return rankWithin(candidates, snapshot, undefined, order, random, options)
}

/**
 * The same under caps: a capped candidate takes part in the leading with the probability of its cap, and is otherwise
 * asked after those that lead. At 0 it is only asked when all others have failed.
 *
 * @param caps by candidate, 0 to 1
 */
export function rankWithin<C extends { readonly id: string }>(
  candidates: readonly [C, ...C[]],
  snapshot: ShareSnapshot,
  caps: Readonly<Record<string, { readonly cap: number }>> | undefined,
  order: 'share' | 'strict',
  random: () => number,
  options: RankOptions = {},
): Ranking<C> {
  const capOf = ({ id }: C): number =>
    (caps !== undefined && Object.hasOwn(caps, id) ? caps[id] : undefined)?.cap ?? 1
  const [called, last] = partition(candidates, (candidate) => capOf(candidate) > 0)
  const [leading, resting] = partition(called, (candidate) => {
    const cap = capOf(candidate)
    return cap >= 1 || random() < cap
  })
  const arranged = [leading, resting, last].map((group) => arrange(group, snapshot, order, random, options))
  const [first, ...others] = arranged.flat()
  if (first !== undefined) {
    const isWell = ({ id }: C): boolean => !shareFor(snapshot, id).brownOut
    // Whoever is capped at nothing is no partner: directives want it asked when all others have failed.
    const trickle = !isWell(first) && arranged.slice(0, 2).flat().some(isWell)
    return { order: [first, ...others], permitted: true, trickle }
  }
  const held = [leading, resting, last].find((group) => group.length > 0)
  // Drawn and not the first of the list, so that one that has recovered is found among those that have not.
  const drawn = held?.[Math.floor(random() * held.length)] ?? candidates[0]
  return { order: [drawn], permitted: false, trickle: false }
}

/** Those that health permits at all, best first. */
function arrange<C extends { readonly id: string }>(
  candidates: readonly C[],
  snapshot: ShareSnapshot,
  order: 'share' | 'strict',
  random: () => number,
  { avoidBrownOut = false }: RankOptions,
): C[] {
  const open = candidates.filter(({ id }) => shareFor(snapshot, id).share > 0)
  const [slow, well] = partition(open, ({ id }) => shareFor(snapshot, id).brownOut)
  const draws = ({ id }: C): boolean => random() < shareFor(snapshot, id).share
  if (order === 'strict') {
    const leading = (avoidBrownOut ? well : open).filter(draws)
    const rests = (candidate: C): boolean => !leading.includes(candidate)
    // Not by place: one that is on its way back would lead whenever the one that stands in for it is not whole.
    return [...leading, ...byLot(well.filter(rests), snapshot, random), ...slow.filter(rests)]
  }
  if (well.length === 0) return byLot(slow, snapshot, random)
  const tried = avoidBrownOut ? undefined : slow.find(draws)
  const spared = slow.filter((candidate) => candidate !== tried)
  return [
    ...(tried === undefined ? [] : [tried]),
    ...byLot(well, snapshot, random),
    ...byLot(spared, snapshot, random),
  ]
}

// Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006): sort by log(u) / weight, descending.
function byLot<C extends { readonly id: string }>(
  candidates: readonly C[],
  snapshot: ShareSnapshot,
  random: () => number,
): C[] {
  return candidates
    .map((candidate) => ({ candidate, key: Math.log(1 - random()) / shareFor(snapshot, candidate.id).share }))
    .sort((a, b) => b.key - a.key)
    .map(({ candidate }) => candidate)
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  const [yes, no]: [T[], T[]] = [[], []]
  for (const item of items) (belongs(item) ? yes : no).push(item)
  return [yes, no]
}
