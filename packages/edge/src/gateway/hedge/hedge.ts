import type { Outcome } from '@paceline/core'
import {
  beginAttempt,
  type Answer,
  type Attempt,
  type AttemptReason,
  type Call,
  type Service,
} from '../call.ts'
import type { Candidate, Candidates } from '../candidate.ts'
import type { Purse } from '../purse.ts'

export interface HedgeOptions {
  readonly purse: Purse
  /** How long a candidate may keep its silence, in ms. */
  readonly patienceMs: (candidate: Candidate, call: Call) => number
}

/**
 * Asks the first candidate, and when it keeps silent for longer than it does while it is well, a second one of another
 * provider besides. The first output wins; a failure never does, as long as the other one may still speak.
 *
 * Only for streams: an unstreamed answer is silent until it is whole, which tells nothing.
 */
export function hedge({ purse, patienceMs }: HedgeOptions) {
  return (ask: Service<Attempt, Answer>): Service<Candidates, Answer> =>
    async ([candidate, ...others], call) => {
      const first = beginAttempt(candidate, call, reasonFor(candidate, call))
      const outcome = ask(first, call)
      // Asked only to see whether it is well again; whoever waits for it should not.
      const isTried = call.trickle && first.record.reason === 'first'
      const rival = rivalOf(candidate, others, call, isTried)
      if (rival === undefined) return outcome

      if (!isTried) {
        const silent = await isSilentAfter(patienceMs(candidate, call), outcome)
        // Slowness that everybody shares must not double the load.
        if (!silent || call.signal.aborted || !purse.pay(call.promptSize)) return outcome
      }
      const second = beginAttempt(rival, call, isTried ? 'trickle' : 'hedge')
      const [winner, loser] = await race(
        { attempt: first, outcome },
        { attempt: second, outcome: ask(second, call) },
      )
      if (winner.ok) {
        // One that is being tried may speak a little longer: whether it is well again is all that it was asked for.
        const graceMs = isTried && loser.attempt === first ? patienceMs(candidate, call) : 0
        dismiss(loser, graceMs)
      }
      return winner
    }
}

function reasonFor({ id }: Candidate, { attempts }: Call): AttemptReason {
  if (attempts.length === 0) return 'first'
  return attempts.some(({ candidate }) => candidate === id) ? 'again' : 'next'
}

/**
 * Of another provider, since what slows one model down slows its neighbours, too. Only beside one whose slowness is known
 * a neighbour that is well will do.
 */
function rivalOf(
  { provider }: Candidate,
  others: readonly Candidate[],
  call: Call,
  isTried: boolean,
): Candidate | undefined {
  if (!call.mayHedge || call.attempts.length >= call.maxAttempts) return undefined
  const able = others.filter(({ id }) => !call.reserve.has(id))
  return able.find((other) => other.provider !== provider) ?? (isTried ? able[0] : undefined)
}

async function isSilentAfter(ms: number, outcome: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const silence = new Promise<true>((resolve) => {
    timer = setTimeout(() => resolve(true), ms)
  })
  const silent = await Promise.race([outcome.then(() => false), silence])
  clearTimeout(timer)
  return silent
}

interface Runner {
  readonly attempt: Attempt
  readonly outcome: Promise<Outcome<Answer>>
}

/** The first that spoke, or where both failed the failure of the first; and the other one. */
async function race(first: Runner, second: Runner): Promise<[Outcome<Answer>, Runner]> {
  const isFirst = await Promise.race([first.outcome.then(() => true), second.outcome.then(() => false)])
  const [early, late] = isFirst ? [first, second] : [second, first]
  const spoken = await early.outcome
  if (spoken.ok) return [spoken, late]
  const last = await late.outcome
  return last.ok ? [last, early] : [await first.outcome, second]
}

function dismiss({ attempt, outcome }: Runner, graceMs: number): void {
  const timer = graceMs > 0 ? setTimeout(() => attempt.giveUp(), graceMs) : null
  if (timer === null) attempt.giveUp()
  const discard = async (): Promise<void> => {
    const late = await outcome
    clearTimeout(timer)
    // It spoke as well; nobody will read it.
    if (late.ok && late.value.kind === 'stream') late.value.leave()
  }
  void discard()
}
