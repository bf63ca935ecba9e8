import { emptySummary, mergeSummaries, summaryOf, type Observation, type Sample } from '@paceline/core'

type FirstOutput = Extract<Sample, { kind: 'first-output' }>

/** More kinds of observations than this at once can only be a fault. */
const MOST = 500

/** First outputs since they were last handed on, added up by what belongs together. */
export class Summaries {
  #byKind = new Map<string, Observation>()

  get isEmpty(): boolean {
    return this.#byKind.size === 0
  }

  add({ origin, route, candidate, directives, ms, late }: FirstOutput): void {
    const kind = `${origin} ${route} ${candidate} ${directives}`
    const known = this.#byKind.get(kind)
    if (known === undefined && this.#byKind.size >= MOST) return
    const summary = mergeSummaries(known?.summary ?? emptySummary, summaryOf(ms, late))
    this.#byKind.set(kind, { origin, route, candidate, directives, summary })
  }

  take(): readonly Observation[] {
    const taken = [...this.#byKind.values()]
    this.#byKind = new Map()
    return taken
  }
}
