import { deposit, failed, fullRetryBudget, nextStepAfter, withdraw, type Failure } from '@paceline/core'
import type { Answer, Call, Layer } from '../call.ts'
import type { Candidate, Candidates } from '../candidate.ts'

/** Everything that waits or draws lots, so that tests can hold it still. */
export interface FailOverOptions {
  readonly random: () => number
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

const BACKOFF = { firstMs: 200, longestMs: 3_000 } as const

/**
 * The one retrying layer of the whole system.
 *
 * A move to a candidate that this request has not asked yet is free: there are few of them, and breakers soon leave
 * out those that fail. Asking one again is paid from a purse that requests fill by a tenth of a coin each, so that an
 * outage never multiplies the load on what is left.
 */
export function failOver({ random, sleep }: FailOverOptions): Layer<Candidates, Answer> {
  // Spent, never released: a caller that leaves can't leak what nobody has to give back.
  let budget = fullRetryBudget()
  const pay = (): boolean => {
    const rest = withdraw(budget)
    if (rest !== null) budget = rest
    return rest !== null
  }

  return (inner) => async (candidates, call) => {
    budget = deposit(budget)
    const walk = new Walk(candidates)
    let candidate: Candidate = candidates[0]
    for (;;) {
      const outcome = await inner([candidate], call)
      if (outcome.ok) return outcome
      walk.note(candidate, outcome.failure)
      const next: Candidate | null = isOver(outcome.failure, call)
        ? null
        : await chooseNext(walk, candidate, call)
      if (next === null) return failed(walk.verdict(outcome.failure))
      candidate = next
    }
  }

  async function chooseNext(walk: Walk, last: Candidate, call: Call): Promise<Candidate | null> {
    // Whoever has not been asked yet keeps their turn: another try must not use up the last of the attempts.
    const spare = call.maxAttempts - call.attempts.length > walk.untried
    if (spare && walk.deservesAnotherTry(last) && pay()) return last
    const other = walk.nextUntried()
    if (other !== null) return other
    const again = walk.soonestRetry()
    if (again === null) return null
    const jitterMs = random() * Math.min(BACKOFF.firstMs * 2 ** (call.attempts.length - 1), BACKOFF.longestMs)
    const waitMs = Math.max(again.askableAt - Date.now(), jitterMs)
    if (Date.now() + waitMs >= call.deadlineAt || waitMs > LONGEST_WAIT_MS || !pay()) return null
    await sleep(waitMs, call.signal)
    return call.signal.aborted ? null : again.candidate
  }
}

const isOver = (failure: Failure, call: Call): boolean =>
  nextStepAfter(failure) === 'tell-caller' ||
  call.attempts.length >= call.maxAttempts ||
  Date.now() >= call.deadlineAt ||
  call.signal.aborted

/** A person is waiting: beyond this, an honest error is better than silence. */
const LONGEST_WAIT_MS = 5_000

/** What one request has tried so far. */
class Walk {
  readonly #candidates: Candidates
  readonly #failures = new Map<Candidate, Failure[]>()
  /** When each candidate that failed wants to be asked again. */
  readonly #askableAt = new Map<Candidate, number>()
  /** The longest context that has proven too short. */
  #tooShort = 0

  constructor(candidates: Candidates) {
    this.#candidates = candidates
  }

  note(candidate: Candidate, failure: Failure): void {
    this.#failures.set(candidate, [...(this.#failures.get(candidate) ?? []), failure])
    this.#askableAt.set(candidate, Date.now() + (failure.retryAfterMs ?? 0))
    if (nextStepAfter(failure) === 'larger-model') {
      this.#tooShort = Math.max(this.#tooShort, candidate.contextTokens)
    }
  }

  /** A lone 500 is often a passing fault of one machine behind the provider's address. */
  deservesAnotherTry(candidate: Candidate): boolean {
    const [failure, another] = this.#failures.get(candidate) ?? []
    if (failure === undefined || another !== undefined || failure.retryAfterMs !== undefined) return false
    return nextStepAfter(failure) === 'same-once'
  }

  nextUntried(): Candidate | null {
    return this.#candidates.find((one) => this.#isUntried(one)) ?? null
  }

  /** How many could still be asked for the first time. */
  get untried(): number {
    return this.#candidates.filter((one) => this.#isUntried(one)).length
  }

  #isUntried(candidate: Candidate): boolean {
    return !this.#failures.has(candidate) && this.#fits(candidate)
  }

  /**
   * The failure that stands for all: where candidates failed in different ways, none of them speaks for the others.
   */
  verdict(last: Failure): Failure {
    if (nextStepAfter(last) === 'tell-caller') return last
    const failures = [...this.#failures.values()].flatMap((own) => own.slice(-1))
    if (failures.every(({ kind }) => kind === last.kind)) {
      const waits = failures.flatMap(({ retryAfterMs }) => retryAfterMs ?? [])
      return waits.length === failures.length ? { ...last, retryAfterMs: Math.min(...waits) } : last
    }
    const speaksFirst = this.#candidates.some((one) => this.#fits(one)) ? VERDICTS : NO_MODEL_FITS
    return speaksFirst.flatMap((kind) => failures.find((failure) => failure.kind === kind) ?? [])[0] ?? last
  }

  /** Silent candidates are not asked again; neither are those that only an operator can mend. */
  soonestRetry(): { candidate: Candidate; askableAt: number } | null {
    const askable = [...this.#failures].flatMap(([candidate, failures]) => {
      const failure = failures.at(-1)
      if (failure === undefined || !WORTH_A_RETRY.has(failure.kind) || !this.#fits(candidate)) return []
      return [{ candidate, askableAt: this.#askableAt.get(candidate) ?? 0 }]
    })
    return askable.sort((a, b) => a.askableAt - b.askableAt)[0] ?? null
  }

  #fits(candidate: Candidate): boolean {
    return candidate.contextTokens > this.#tooShort
  }
}

const WORTH_A_RETRY = new Set<Failure['kind']>([
  'unreachable',
  'rate-limited',
  'overloaded',
  'server-error',
  'truncated',
  'malformed',
])

/**
 * Which failure a caller hears of when candidates failed in different ways: those that pass by themselves first, and
 * what only the operator can mend last.
 */
const VERDICTS: readonly Failure['kind'][] = [
  'overloaded',
  'server-error',
  'unreachable',
  'timeout',
  'truncated',
  'malformed',
  'rate-limited',
  'turned-away',
  'context-length',
]
/** A prompt that the largest model has refused will not fit tomorrow either. */
const NO_MODEL_FITS: readonly Failure['kind'][] = ['context-length', ...VERDICTS]
