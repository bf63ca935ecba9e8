import {
  emptySummary,
  mergeSummaries,
  summaryOf,
  type Observation,
  type Refusal,
  type Report,
} from '@paceline/core'
import type { Sample } from './weigh.ts'

type Contents = Pick<Report, 'observations' | 'refusals'>

/** What a report has room for. */
const MOST_OBSERVATIONS = 1_000
const MOST_REFUSALS = 100
/** Kept free for those whose source has no place of its own any more; there are few kinds of them. */
const SHARED_PLACES = 20
const OTHERS = 'others'

/** What a shard has to tell the coordinator: it grows with routes, candidates and seconds, not with events. */
export class Gathering {
  readonly #observations: Map<string, Observation>
  readonly #refusals: Map<string, Refusal>

  constructor({ observations, refusals }: Contents) {
    this.#observations = new Map(observations.map((one) => [nameOfObservation(one), one]))
    this.#refusals = new Map(refusals.map((one) => [nameOfRefusal(one), one]))
  }

  get contents(): Contents {
    return { observations: [...this.#observations.values()], refusals: [...this.#refusals.values()] }
  }

  addSample({ route, candidate, directives, ms, late }: Sample): void {
    const of = { route, candidate, directives }
    const name = nameOfObservation(of)
    const known = this.#observations.get(name)
    // More than that many at once can only be a fault in the configuration.
    if (known === undefined && this.#observations.size >= MOST_OBSERVATIONS) return
    const summary = mergeSummaries(known?.summary ?? emptySummary, summaryOf(ms, late))
    this.#observations.set(name, { origin: 'browser', ...of, summary })
  }

  addRefusal(refusal: Omit<Refusal, 'count'>): void {
    const own = nameOfRefusal(refusal)
    const full = this.#refusals.size >= MOST_REFUSALS - SHARED_PLACES && !this.#refusals.has(own)
    const entry = full ? { ...refusal, source: OTHERS } : refusal
    const name = nameOfRefusal(entry)
    this.#refusals.set(name, { ...entry, count: (this.#refusals.get(name)?.count ?? 0) + 1 })
  }
}

const nameOfObservation = (one: Pick<Observation, 'route' | 'candidate' | 'directives'>): string =>
  JSON.stringify([one.route, one.candidate, one.directives])

const nameOfRefusal = ({ what, source, reason }: Omit<Refusal, 'count'>): string =>
  JSON.stringify([what, source, reason])
