import type { Attempt, Fault } from '@paceline/mock-provider'
import { ask } from '../../test/support/ask.ts'
import { seededRandom } from '../drill/seeded-random.ts'
import { pause } from '../drill/until.ts'
import type { House } from './house.ts'
import type { Options } from './options.ts'
import { modelOf, PROVIDERS, routeOf, VARIANTS } from './world.ts'

/** How everything can fail, each on a route of its own with all three providers. */
const FAULTS: Readonly<Record<string, Fault>> = {
  '500': { kind: 'server-error' },
  '503': { kind: 'unavailable' },
  '429': { kind: 'rate-limit' },
  '429 with Retry-After': { kind: 'rate-limit', retryAfterS: 1 },
  reset: { kind: 'reset' },
  silence: { kind: 'silence' },
  'error in band': { kind: 'in-band-error' },
}

/** Breakers need their failures first; what they make of it is counted from here on. */
const SETTLED_MS = 10_000

/** Of all that may be asked again, requests fill the purse by a tenth each. */
const MOST_PAID_SHARE = 0.1

/** What one way of failing came to, from ten seconds on. */
export interface Storm {
  readonly fault: string
  readonly requests: number
  /** What the providers were asked for them, probes left out. */
  readonly calls: number
  /** Of these, first calls at another provider of the same request. */
  readonly freeMoves: number
  /** Small questions of the gateway's own. */
  readonly probes: number
  /** Calls for each request: 1 is the least there can be. */
  readonly callsPerRequest: number
  /** The same for the ten seconds before. */
  readonly callsPerRequestBefore: number
  readonly passed: boolean
}

/** Lets every provider fail in every way at once, for so long, and counts what they are asked. */
export async function runAllFailing(
  house: House,
  { seed, forS, ratePerS }: Pick<Options, 'seed' | 'forS' | 'ratePerS'>,
): Promise<readonly Storm[]> {
  const slots = VARIANTS.flatMap(({ order, providers }, slot) =>
    order === 'strict' && providers.length === PROVIDERS.length ? [slot] : [],
  )
  const faults = Object.entries(FAULTS)
  return Promise.all(
    // With more faults than such variants, the next round of slots.
    faults.map(async ([name, fault], place) => {
      const slot = (slots[place % slots.length] ?? 0) + VARIANTS.length * Math.floor(place / slots.length)
      for (const provider of PROVIDERS) house.providers[provider].setFault(fault, modelOf(slot))
      return storm(name, slot, house, { random: seededRandom(seed + place), forS, ratePerS })
    }),
  )
}

async function storm(
  fault: string,
  slot: number,
  house: House,
  { random, forS, ratePerS }: { random: () => number; forS: number; ratePerS: number },
): Promise<Storm> {
  const startedAt = performance.now()
  const early = new Set<string>()
  const late = new Set<string>()
  const open: Promise<unknown>[] = []
  for (let number = 0; performance.now() - startedAt < forS * 1_000; number += 1) {
    const tag = `<${slot}.${number}>`
    const group = performance.now() - startedAt < SETTLED_MS ? early : late
    group.add(tag)
    const body = { messages: [{ role: 'user', content: `Why ride in a paceline? ${tag}` }] }
    open.push(
      ask(house, number % 2 === 0 ? 'openai' : 'anthropic', routeOf(slot), { stream: number % 3 > 0, body }),
    )
    await pause((1_000 / ratePerS) * (0.5 + random()))
  }
  await Promise.all(open)
  const attempts = PROVIDERS.flatMap((name) =>
    house.providers[name]
      .attempts()
      .filter(({ model }) => model === modelOf(slot))
      .map((attempt) => ({ name, tag: tagOf(attempt) })),
  )
  const of = (group: ReadonlySet<string>): typeof attempts =>
    attempts.filter(({ tag }) => tag !== null && group.has(tag))
  const calls = of(late)
  const freeMoves =
    new Set(calls.map(({ name, tag }) => `${name} ${tag}`)).size - new Set(calls.map(({ tag }) => tag)).size
  const round = (share: number): number => Math.round(share * 1_000) / 1_000
  return {
    fault,
    requests: late.size,
    calls: calls.length,
    freeMoves,
    probes: attempts.filter(({ tag }) => tag === null).length,
    callsPerRequest: round(calls.length / late.size),
    callsPerRequestBefore: round(of(early).length / early.size),
    passed: calls.length - freeMoves <= (1 + MOST_PAID_SHARE) * late.size,
  }
}

/** Null for the gateway's own questions. */
const tagOf = ({ requestBody }: Attempt): string | null =>
  /<\d+\.\d+>/u.exec(JSON.stringify(requestBody))?.[0] ?? null
