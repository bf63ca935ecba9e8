import { failed, nextStepAfter, type Failure } from '@paceline/core'
import type { Answer, Call, Layer } from '../call.ts'
import type { Candidate, Candidates } from '../candidate.ts'
import type { Purse } from '../purse.ts'
import { Walk } from './walk.ts'

export interface FailOverOptions {
  readonly purse: Purse
  readonly random: () => number
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

const BACKOFF = { firstMs: 200, longestMs: 3_000 } as const

/**
 * The one retrying layer of the whole system.
 *
 * A move to a candidate that this request has not asked yet is free: there are few of them, and breakers soon leave
 * out those that fail. Asking one again is paid from the purse, so that an outage never multiplies the load on what is
 * left.
 */
export function failOver({ purse, random, sleep }: FailOverOptions): Layer<Candidates, Answer> {
  return (inner) => async (candidates, call) => {
    purse.deposit(call.promptSize)
    const walk = new Walk(candidates, call.attempts)
    let candidate: Candidate = candidates[0]
    for (;;) {
      const outcome = await inner([candidate, ...walk.untried(candidate)], call)
      if (outcome.ok) return outcome
      const next: Candidate | null = isOver(outcome.failure, call)
        ? null
        : await chooseNext(walk, candidate, call)
      if (next === null) return failed(walk.verdict(outcome.failure))
      candidate = next
    }
  }

  async function chooseNext(walk: Walk, last: Candidate, call: Call): Promise<Candidate | null> {
    const untried = walk.untried()
    // Whoever has not been asked yet keeps their turn: another try must not use up the last of the attempts.
    const isSpare = call.maxAttempts - call.attempts.length > untried.length
    if (isSpare && walk.deservesAnotherTry(last) && purse.pay(call.promptSize)) return last
    const [other] = untried
    if (other !== undefined) return other
    const again = walk.soonestRetry()
    if (again === null) return null
    const jitterMs = random() * Math.min(BACKOFF.firstMs * 2 ** (call.attempts.length - 1), BACKOFF.longestMs)
    const waitMs = Math.max(again.askableAt - Date.now(), jitterMs)
    if (Date.now() + waitMs >= call.deadlineAt || waitMs > LONGEST_WAIT_MS || !purse.pay(call.promptSize))
      return null
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
