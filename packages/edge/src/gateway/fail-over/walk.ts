import { nextStepAfter, type Failure } from '@paceline/core'
import type { AttemptRecord } from '../call.ts'
import type { Candidate, Candidates } from '../candidate.ts'

/** What the attempts of one request, as far as they have gone, leave to be tried. */
export class Walk {
  readonly #candidates: Candidates
  readonly #attempts: readonly AttemptRecord[]

  /** @param attempts as they are entered and end */
  constructor(candidates: Candidates, attempts: readonly AttemptRecord[]) {
    this.#candidates = candidates
    this.#attempts = attempts
  }

  /** A lone 500 is often a passing fault of one machine behind the provider's address. */
  deservesAnotherTry(candidate: Candidate): boolean {
    const [failure, another] = this.#failuresOf(candidate)
    if (failure === undefined || another !== undefined || failure.retryAfterMs !== undefined) return false
    return nextStepAfter(failure) === 'same-once'
  }

  /**
   * Who has not been asked yet and could answer, best first. Last come those that were beaten to their first word: they
   * have not failed, so they may still go on with an answer that breaks off.
   */
  untried(but?: Candidate): Candidate[] {
    const isBeaten = ({ failure }: AttemptRecord): boolean => failure?.kind === 'beaten'
    const idsOf = (attempts: readonly AttemptRecord[]): Set<string> =>
      new Set(attempts.map(({ candidate }) => candidate))
    const asked = idsOf(this.#attempts.filter((one) => !isBeaten(one)))
    const beaten = idsOf(this.#attempts.filter(isBeaten))
    const tooShort = this.#tooShort()
    return this.#candidates
      .filter((one) => one !== but && !asked.has(one.id) && one.contextTokens > tooShort)
      .sort((one, other) => Number(beaten.has(one.id)) - Number(beaten.has(other.id)))
  }

  /**
   * The failure that stands for all: where candidates failed in different ways, none of them speaks for the others.
   */
  verdict(last: Failure): Failure {
    if (nextStepAfter(last) === 'tell-caller') return last
    const failures = this.#candidates.flatMap((one) => this.#failuresOf(one).slice(-1))
    if (failures.every(({ kind }) => kind === last.kind)) {
      const waits = failures.flatMap(({ retryAfterMs }) => retryAfterMs ?? [])
      return waits.length === failures.length ? { ...last, retryAfterMs: Math.min(...waits) } : last
    }
    const speaksFirst = this.#candidates.some(({ contextTokens }) => contextTokens > this.#tooShort())
      ? VERDICTS
      : NO_MODEL_FITS
    return speaksFirst.flatMap((kind) => failures.find((failure) => failure.kind === kind) ?? [])[0] ?? last
  }

  /** Silent candidates are not asked again; neither are those that only an operator can mend. */
  soonestRetry(): { candidate: Candidate; askableAt: number } | null {
    const tooShort = this.#tooShort()
    const askable = this.#candidates.flatMap((candidate) => {
      const last = this.#attempts.findLast((one) => one.candidate === candidate.id)
      const failure = last?.failure ?? null
      if (failure === null || !WORTH_A_RETRY.has(failure.kind) || candidate.contextTokens <= tooShort)
        return []
      return [{ candidate, askableAt: (last?.failedAt ?? 0) + (failure.retryAfterMs ?? 0) }]
    })
    return askable.sort((a, b) => a.askableAt - b.askableAt)[0] ?? null
  }

  #failuresOf({ id }: Candidate): Failure[] {
    return this.#attempts.flatMap(({ candidate, failure }) =>
      candidate === id && failure !== null ? [failure] : [],
    )
  }

  /** The longest context that has proven too short. */
  #tooShort(): number {
    const contexts = this.#candidates.flatMap((one) =>
      this.#failuresOf(one).some((failure) => nextStepAfter(failure) === 'larger-model')
        ? [one.contextTokens]
        : [],
    )
    return Math.max(0, ...contexts)
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
