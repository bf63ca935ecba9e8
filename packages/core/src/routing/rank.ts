import type { ShareSnapshot } from './health.ts'

/** The order in which candidates are asked. */
export interface Ranking<C> {
  readonly order: readonly [C, ...C[]]
  /** False when health permits no candidate at all: then `order` holds one of them, for a single attempt. */
  readonly permitted: boolean
}

/** A candidate that health has not heard of yet starts whole: only evidence takes share away. */
const NEWCOMER = { share: 1, generation: 0 } as const

export const shareFor = (snapshot: ShareSnapshot, id: string): { share: number; generation: number } =>
  // Ids come from the configuration, where a model may be called 'constructor'.
  (Object.hasOwn(snapshot.shares, id) ? snapshot.shares[id] : undefined) ?? NEWCOMER

/**
 * Orders the candidates of one request.
 *
 * `share`: a weighted draw without replacement, so that traffic follows the shares and every further attempt goes to
 * the next best draw. `strict`: as configured, except that a candidate keeps its place only with the probability of
 * its share, so that one that grows back or tires is relieved by degrees here, too.
 *
 * @param random uniform in [0, 1)
 */
export function rank<C extends { readonly id: string }>(
  candidates: readonly [C, ...C[]],
  snapshot: ShareSnapshot,
  order: 'share' | 'strict',
  random: () => number,
): Ranking<C> {
  const open = candidates.filter((candidate) => shareFor(snapshot, candidate.id).share > 0)
  const ordered = order === 'strict' ? byPlace(open, snapshot, random) : byLot(open, snapshot, random)
  const [first, ...others] = ordered
  if (first !== undefined) return { order: [first, ...others], permitted: true }
  // Drawn and not the first of the list, so that one that has recovered is found among those that have not.
  const drawn = candidates[Math.floor(random() * candidates.length)] ?? candidates[0]
  return { order: [drawn], permitted: false }
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
): Ranking<C> {
  if (caps === undefined) return rank(candidates, snapshot, order, random)
  const capOf = ({ id }: C): number => (Object.hasOwn(caps, id) ? caps[id] : undefined)?.cap ?? 1
  const [called, last] = partition(candidates, (candidate) => capOf(candidate) > 0)
  const [leading, resting] = partition(called, (candidate) => {
    const cap = capOf(candidate)
    return cap >= 1 || random() < cap
  })
  const rankings = [leading, resting, last].flatMap(([first, ...others]) =>
    first === undefined ? [] : [rank([first, ...others], snapshot, order, random)],
  )
  const [first, ...others] = rankings.filter(({ permitted }) => permitted).flatMap((one) => one.order)
  if (first !== undefined) return { order: [first, ...others], permitted: true }
  return rankings[0] ?? rank(candidates, snapshot, order, random)
}

function byPlace<C extends { readonly id: string }>(
  candidates: readonly C[],
  snapshot: ShareSnapshot,
  random: () => number,
): C[] {
  const [leading, resting] = partition(candidates, ({ id }) => random() < shareFor(snapshot, id).share)
  return [...leading, ...resting]
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
