import * as v from 'valibot'

/**
 * What is counted of the gateway's work:
 *
 * - `attempts` by reason: whatever is not `first` is load that providers bear beyond one call for each request
 * - `answers` by how they came to be; `failed` where there was none, `left` where its caller did not wait for it
 */
export type Counter = 'attempts' | 'answers'
/** Counts by counter and label, such as `attempts hedge`. */
export const countsSchema = v.record(v.string(), v.pipe(v.number(), v.safeInteger(), v.minValue(0)))
export type Counts = Readonly<v.InferOutput<typeof countsSchema>>

/** Counts of one isolate since it last handed them on, or of all that were handed on. */
export class Ledger {
  readonly #counts = new Map<string, number>()

  count(counter: Counter, label: string): void {
    this.#add(`${counter} ${label}`, 1)
  }

  add(counts: Counts): void {
    for (const [name, value] of Object.entries(counts)) this.#add(name, value)
  }

  take(): Counts {
    const taken = this.counts
    this.#counts.clear()
    return taken
  }

  get counts(): Counts {
    return Object.fromEntries(this.#counts)
  }

  #add(name: string, value: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + value)
  }
}
