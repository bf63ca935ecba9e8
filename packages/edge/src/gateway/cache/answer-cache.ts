import { failed, success, type Failure, type Outcome } from '@paceline/core'
import type { Answer, Call, Layer, Service } from '../call.ts'
import type { Candidates } from '../candidate.ts'
import { Purse } from '../purse.ts'
import { answerKey } from './answer-key.ts'
import type { CacheUse } from './cache-use.ts'
import { FlightBoard } from './flight.ts'
import { follow } from './follow.ts'
import { lead } from './lead.ts'
import { isReplayable } from '../wire/replayable.ts'
import { isFresh, Shelf, type Found } from './shelf.ts'
import { replay, type StoredAnswer } from './stored-answer.ts'

export interface AnswerCacheOptions {
  readonly now: () => number
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly random: () => number
}

/** One call, and everything that it takes to have it answered. */
interface Question {
  readonly inner: Service<Candidates, Answer>
  readonly candidates: Candidates
  readonly call: Call
  readonly use: CacheUse
  /** The key of its answer. */
  readonly key: string
}

/** After so many leaders that failed a call asks for itself. */
const MOST_LEADERS = 2
/** Those who were left alone together don't ask together. */
const STAGGER_MS = 250
/** Nobody waits for an answer that is asked for ahead, and Workers end what runs in the background after 30 s. */
const REFRESH_MS = 28_000

/**
 * Answers from the store while they are fresh; one attempt for all calls that ask the same at the same time; and the
 * last stored answer, with its age, when nobody could answer.
 *
 * Stands around failing over. Costs nothing where a route has no cache.
 */
export class AnswerCache {
  readonly #options: AnswerCacheOptions
  readonly #shelf: Shelf
  readonly #board = new FlightBoard()
  /** What is asked ahead is paid as retries are, and apart from them: a tenth of the answers that were saved. */
  readonly #purse = new Purse()

  constructor(options: AnswerCacheOptions) {
    this.#options = options
    this.#shelf = new Shelf(options)
  }

  readonly around: Layer<Candidates, Answer> = (inner) => (candidates, call) => {
    const use = call.cache ?? null
    if (use === null || !isReplayable(call)) return inner(candidates, call)
    return this.#answer(inner, candidates, call, use)
  }

  /**
   * From now on no answer is given to this tenant that was asked for before, in this isolate at once, in others as soon
   * as they hear of it.
   *
   * @throws what KV throws
   */
  purge(tenant: string, namespace: KVNamespace | null): Promise<number> {
    return this.#shelf.purges.purge(tenant, namespace)
  }

  async #answer(
    inner: Service<Candidates, Answer>,
    candidates: Candidates,
    call: Call,
    use: CacheUse,
  ): Promise<Outcome<Answer>> {
    const { now } = this.#options
    const key = await answerKey(call, use)
    const question: Question = { inner, candidates, call, use, key }
    const found = await this.#shelf.find(key, use)
    if (found.answer !== null && isFresh(found.answer, use.policy, now())) {
      this.#askAhead(question, found.answer)
      return success(replay(found.answer, 'cached', now()))
    }
    const outcome = await this.#ask(question, found)
    if (outcome.ok || !isOurs(outcome.failure)) return outcome
    const stored = await found.newest()
    if (stored === null) return outcome
    return success(replay(stored, 'stale', now()))
  }

  async #ask(question: Question, found: Found): Promise<Outcome<Answer>> {
    const { call, use, key } = question
    const { now, sleep, random } = this.#options
    // Another call may have been given it while this one was looking elsewhere.
    const here = this.#shelf.here(key, use)
    if (here !== null && isFresh(here, use.policy, now())) return success(replay(here, 'cached', now()))
    // Two who were given the same call of a tool could pass for one.
    if (call.request.needs.tools) return this.#lead(question, null)
    const purgedAt = this.#shelf.purges.known(use.tenant, use.namespace) ?? 0
    for (let leaders = 0; leaders < MOST_LEADERS; leaders += 1) {
      const flight = this.#board.current(key, purgedAt, now())
      if (flight === null) return this.#lead(question, key)
      const outcome = await follow(flight, call, { now, sleep })
      if (outcome !== null) return outcome
      // Everybody has just been asked in vain for this very answer.
      const { state, failure } = flight
      if (state === 'failed' && failure !== null && isOurs(failure) && found.answer !== null)
        return failed(failure)
      // An answer that can't be shared could not be shared by the next leader either.
      if (state === 'broken' && failure === null) break
      if (leaders === MOST_LEADERS - 1) await sleep(random() * STAGGER_MS, call.signal)
    }
    return this.#lead(question, null)
  }

  /** @param joinedBy what others can join the answer by while it is under way; null where nobody may */
  #lead({ inner, candidates, call, use, key }: Question, joinedBy: string | null): Promise<Outcome<Answer>> {
    const { now, sleep } = this.#options
    const { waitUntil } = use
    const keep = (answer: StoredAnswer): void => this.#shelf.keep(key, answer, use)
    return lead(inner, candidates, call, joinedBy, { board: this.#board, now, sleep, waitUntil, keep })
  }

  /** Asks anew in the background for an answer that is fresh for a little while only, as long as the budget lasts. */
  #askAhead(question: Question, { givenAt }: StoredAnswer): void {
    const { call, use, key } = question
    const now = this.#options.now()
    this.#purse.deposit(call.promptSize)
    const { freshMs, refreshAheadMs } = use.policy
    if (now < givenAt + freshMs - refreshAheadMs || this.#board.current(key, 0, now) !== null) return
    if (!this.#purse.pay(call.promptSize)) return
    const own: Call = {
      ...call,
      id: crypto.randomUUID(),
      startedAt: now,
      deadlineAt: Math.min(call.deadlineAt, now + REFRESH_MS),
      signal: new AbortController().signal,
      attempts: [],
      receipts: null,
    }
    use.waitUntil(this.#lead({ ...question, call: own }, key).then(readToTheEnd))
  }
}

async function readToTheEnd(outcome: Outcome<Answer>): Promise<void> {
  if (!outcome.ok || outcome.value.kind === 'whole') return
  const { events } = outcome.value
  for (let step = await events.next(); step.done !== true;) step = await events.next()
}

/** Whether a failure is the providers' or the gateway's, so that an older answer is better than none. */
function isOurs({ kind }: Failure): boolean {
  switch (kind) {
    case 'unreachable':
    case 'timeout':
    case 'rate-limited':
    case 'overloaded':
    case 'server-error':
    case 'truncated':
    case 'malformed':
    case 'unauthorized':
    case 'misconfigured':
    case 'turned-away':
    case 'deadline':
      return true
    case 'context-length':
    case 'content-policy':
    case 'invalid-request':
    case 'client-left':
    case 'beaten':
      return false
  }
}
