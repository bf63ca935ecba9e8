import { success, type Failure } from '@paceline/core'
import {
  beginAttempt,
  sourceOf,
  type Answer,
  type Attempt,
  type Call,
  type Layer,
  type Service,
  type Source,
  type StreamBody,
} from '../call.ts'
import type { Candidates } from '../candidate.ts'
import { Walk } from '../fail-over/walk.ts'
import type { Purse } from '../purse.ts'
import type { PartStream } from '../wire/part.ts'
import { canGoOn, continuations, type Continuation } from './continuation.ts'
import { dropRepeated, dropSpace } from './drop-repeated.ts'
import type { ReplayMemory } from './replay-memory.ts'
import { Said } from './said.ts'

export interface SpliceOptions {
  readonly purse: Purse
  readonly memory: ReplayMemory
  readonly ask: Service<Attempt, Answer>
}

/**
 * Goes on with an answer that breaks off after its commit, where that can be done without inventing, repeating or
 * guessing a single character. Where it can't, the break stays what it is: an incomplete answer that says so.
 */
export const splice =
  (options: SpliceOptions): Layer<Candidates, Answer> =>
  (inner) =>
  async (candidates, call) => {
    const outcome = await inner(candidates, call)
    if (!outcome.ok || outcome.value.kind !== 'stream') return outcome
    const spliced = new Spliced(outcome.value, candidates, call, options)
    return success({
      ...outcome.value,
      source: spliced.source,
      events: spliced.events(),
      leave: () => spliced.leave(),
    })
  }

/** One answer that may be given by several attempts in turn. */
class Spliced {
  readonly #candidates: Candidates
  readonly #call: Call
  readonly #options: SpliceOptions
  readonly source: Source
  #current: Pick<StreamBody, 'events' | 'leave'>
  #said: Said

  constructor(first: StreamBody, candidates: Candidates, call: Call, options: SpliceOptions) {
    this.#candidates = candidates
    this.#call = call
    this.#options = options
    this.source = { ...first.source }
    this.#current = first
    this.#said = this.#nothingSaid()
  }

  leave(): void {
    this.#current.leave()
  }

  async *events(): PartStream {
    try {
      for (;;) {
        const failure = yield* this.#untilItBreaks()
        if (failure === null) return
        if (!canGoOn(failure) || !(yield* this.#goOn())) {
          // Before it is handed on: whoever reads a failure may read no further.
          this.#said.close()
          yield [{ raw: null, parts: [{ kind: 'error', failure }] }]
          return
        }
      }
    } finally {
      this.#said.close()
    }
  }

  /** @returns why it broke off; null when it is whole */
  async *#untilItBreaks(): AsyncGenerator<Batch, Failure | null, undefined> {
    for await (const batch of this.#current.events) {
      const at = batch.findIndex(({ parts }) => parts.some(({ kind }) => kind === 'error'))
      const good = at === -1 ? batch : batch.slice(0, at)
      this.#said.read(good, Date.now())
      if (good.length > 0) yield good
      for (const part of batch[at]?.parts ?? []) if (part.kind === 'error') return part.failure
    }
    return null
  }

  /** @returns whether somebody has taken it up */
  async *#goOn(): AsyncGenerator<Batch, boolean, undefined> {
    const call = this.#call
    const walk = new Walk(this.#candidates, call.attempts)
    const broken = this.#candidates.find(({ id }) => id === this.source.model)
    if (broken === undefined) return false
    const text = this.#said.text
    for (const way of continuations(call, text, broken, walk.untried())) {
      if (call.signal.aborted || Date.now() >= call.deadlineAt) return false
      if (call.attempts.length >= call.maxAttempts) return false
      if (way.isPaid && !this.#options.purse.pay(call.promptSize)) continue
      const next = await this.#ask(way, text ?? '')
      if (next === null) continue
      this.#current = next
      Object.assign(this.source, sourceOf(way.candidate))
      if (way.way === 'restart') {
        this.#said.close()
        this.#said = this.#nothingSaid()
        yield [{ raw: null, parts: [{ kind: 'restart' }] }]
      } else this.source.answer = 'continued'
      return true
    }
    return false
  }

  async #ask(way: Continuation, text: string): Promise<Pick<StreamBody, 'events' | 'leave'> | null> {
    const outcome = await this.#options.ask(
      beginAttempt(way.candidate, this.#call, 'continue', way.request),
      this.#call,
    )
    if (!outcome.ok || outcome.value.kind !== 'stream') return null
    const { events, leave } = outcome.value
    switch (way.way) {
      case 'restart':
        return { events, leave }
      case 'prefill':
      case 'afresh':
        return { events: dropSpace(way.space)(withoutHead(events)), leave }
      case 'repeat': {
        const rest = await dropRepeated(events, text)
        if (rest !== null) return { events: withoutHead(rest), leave }
        leave()
        return null
      }
    }
  }

  #nothingSaid(): Said {
    return new Said(this.#options.memory, this.#call.deadlineAt)
  }
}

type Batch = Awaited<ReturnType<PartStream['next']>>['value'] & object

/** The second answer's parts without its own head, and apart from its spelling: its ids and numbers are not the first's. */
async function* withoutHead(events: PartStream): PartStream {
  for await (const batch of events)
    yield batch.map(({ parts }) => ({ raw: null, parts: parts.filter(({ kind }) => kind !== 'start') }))
}
