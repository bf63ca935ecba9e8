import { reportSchema, type Report } from '@paceline/core'
import * as v from 'valibot'
import { Gathering } from './gathering.ts'

type Storage = Pick<DurableObjectStorage, 'kv'>

/**
 * What the coordinator has yet to hear, kept with the events that it comes from. One report at a time is sealed and
 * sent until it is acknowledged; it keeps its number, so that the coordinator counts it once however often it comes.
 * What arrives meanwhile is gathered in an open one: however long the coordinator is out, there are two.
 */
export class Outbox {
  readonly #kv: Storage['kv']

  constructor({ kv }: Storage) {
    this.#kv = kv
    // What an older version stored in another shape is worth less than a fresh start.
    for (const name of ['open', 'sealed']) {
      if (!v.is(v.optional(reportSchema), kv.get(name))) kv.delete(name)
    }
  }

  get isEmpty(): boolean {
    return !this.hasOpen && this.#kv.get('sealed') === undefined
  }

  get hasOpen(): boolean {
    return this.#kv.get('open') !== undefined
  }

  /** Adds to the open report, which this opens where there is none. */
  gather(from: string, now: number, add: (gathering: Gathering) => void): void {
    const open = this.#kv.get<Report>('open')
    const gathering = new Gathering(open ?? { observations: [], refusals: [] })
    add(gathering)
    this.#kv.put<Report>('open', {
      from,
      sequence: open?.sequence ?? this.#nextSequence(now),
      ...gathering.contents,
    })
  }

  /** The report that is to be sent next; the same one until it is acknowledged. */
  seal(): Report | null {
    const sealed = this.#kv.get<Report>('sealed')
    if (sealed !== undefined) return sealed
    const open = this.#kv.get<Report>('open')
    if (open === undefined) return null
    this.#kv.put('sealed', open)
    this.#kv.delete('open')
    return open
  }

  acknowledge(): void {
    this.#kv.delete('sealed')
  }

  /** Starts at the clock, so that it grows even over the loss of everything that was stored. */
  #nextSequence(now: number): number {
    const sequence = (this.#kv.get<number>('sequence') ?? now) + 1
    this.#kv.put('sequence', sequence)
    return sequence
  }
}
