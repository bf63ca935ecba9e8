import {
  emptySummary,
  mergeSummaries,
  summaryOf,
  type Observation,
  type Refusal,
  type Report,
} from '@paceline/core'
import { BROWSERS, type Sample } from './weigh.ts'

type Contents = Pick<Report, 'observations' | 'refusals'>

/** What a report has room for. */
const MOST_OBSERVATIONS = 1_000
/** Of each of them one line of the audit is made; what others were refused is summed up. */
const MOST_NAMED_REFUSALS = 20
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
    const entry = this.#hasPlaceFor(refusal) ? refusal : { ...refusal, source: OTHERS }
    const name = nameOfRefusal(entry)
    this.#refusals.set(name, { ...entry, count: (this.#refusals.get(name)?.count ?? 0) + 1 })
  }

  #hasPlaceFor(refusal: Omit<Refusal, 'count'>): boolean {
    // There are few kinds of what all browsers are refused together.
    if (refusal.source === BROWSERS || this.#refusals.has(nameOfRefusal(refusal))) return true
    const named = [...this.#refusals.values()].filter(
      ({ source }) => source !== BROWSERS && source !== OTHERS,
    )
    return named.length < MOST_NAMED_REFUSALS
  }
}

const nameOfObservation = (one: Pick<Observation, 'route' | 'candidate' | 'directives'>): string =>
  JSON.stringify([one.route, one.candidate, one.directives])

const nameOfRefusal = ({ what, source, reason }: Omit<Refusal, 'count'>): string =>
  JSON.stringify([what, source, reason])
