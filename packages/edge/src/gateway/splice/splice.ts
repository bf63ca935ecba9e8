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
import type { Batch, PartGenerator, PartStream } from '../wire/part.ts'
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
      events: spliced,
      leave: () => spliced.leave(),
    })
  }

/**
 * One answer that may be given by several attempts in turn. An iterator of its own and no generator, so that batches of an
 * answer that is well cost next to nothing.
 */
class Spliced implements PartStream {
  readonly #candidates: Candidates
  readonly #call: Call
  readonly #options: SpliceOptions
  readonly source: Source
  #current: Pick<StreamBody, 'events' | 'leave'>
  #said: Said
  /** Why the current attempt broke off, as long as nothing has been done about it. */
  #failure: Failure | null = null
  /** The attempt that is being asked to go on. */
  #asked: Attempt | null = null
  #isOver = false

  constructor(first: StreamBody, candidates: Candidates, call: Call, options: SpliceOptions) {
    this.#candidates = candidates
    this.#call = call
    this.#options = options
    this.source = { ...first.source }
    this.#current = first
    this.#said = this.#nothingSaid()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Batch, void>> {
    for (;;) {
      if (this.#isOver) return { done: true, value: undefined }
      if (this.#failure !== null) {
        const batch = await this.#mend(this.#failure)
        if (batch !== null) return { done: false, value: batch }
        continue
      }
      const step = await this.#current.events.next()
      if (step.done === true) {
        this.#end()
        return step
      }
      const good = this.#untilItBreaks(step.value)
      this.#said.read(good, Date.now())
      if (good.length > 0) return { done: false, value: good }
    }
  }

  return(): Promise<IteratorResult<Batch, void>> {
    this.#end()
    return this.#current.events.return()
  }

  leave(): void {
    this.#asked?.giveUp()
    this.#current.leave()
  }

  #end(): void {
    this.#isOver = true
    this.#said.close()
  }

  /** What comes before the failure in a batch, if there is one; and keeps the failure. */
  #untilItBreaks(batch: Batch): Batch {
    for (const [index, { parts }] of batch.entries())
      for (const part of parts)
        if (part.kind === 'error') {
          this.#failure = part.failure
          return batch.slice(0, index)
        }
    return batch
  }

  /** @returns what the caller is told of it; null where the answer simply goes on */
  async #mend(failure: Failure): Promise<Batch | null> {
    const way = canGoOn(failure) ? await this.#goOn() : null
    if (way === null) {
      this.#end()
      return [{ raw: null, parts: [{ kind: 'error', failure }] }]
    }
    this.#failure = null
    Object.assign(this.source, sourceOf(way.candidate))
    if (way.way === 'restart') {
      this.#said.close()
      this.#said = this.#nothingSaid()
      return [{ raw: null, parts: [{ kind: 'restart' }] }]
    }
    this.source.answer = 'continued'
    return null
  }

  /** @returns how somebody has taken it up; null where nobody has */
  async #goOn(): Promise<Continuation | null> {
    const call = this.#call
    const walk = new Walk(this.#candidates, call.attempts)
    const broken = this.#candidates.find(({ id }) => id === this.source.model)
    if (broken === undefined) return null
    const text = this.#said.text
    for (const way of continuations(call, text, broken, walk.untried())) {
      if (call.signal.aborted || Date.now() >= call.deadlineAt) return null
      if (call.attempts.length >= call.maxAttempts) return null
      if (way.isPaid && !this.#options.purse.pay(call.promptSize)) continue
      const next = await this.#ask(way, text ?? '')
      // Its reader may have left while somebody was asked.
      if (this.#isOver) next?.leave()
      if (this.#isOver) return null
      if (next === null) continue
      this.#current = next
      return way
    }
    return null
  }

  async #ask(way: Continuation, text: string): Promise<Pick<StreamBody, 'events' | 'leave'> | null> {
    const attempt = beginAttempt(way.candidate, this.#call, 'continue', way.request)
    this.#asked = attempt
    const outcome = await this.#options.ask(attempt, this.#call)
    this.#asked = null
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

/** The second answer's parts without its own head, and apart from its spelling: its ids and numbers are not the first's. */
async function* withoutHead(events: PartStream): PartGenerator {
  for await (const batch of events)
    yield batch.map(({ parts }) => ({ raw: null, parts: parts.filter(({ kind }) => kind !== 'start') }))
}
