import { nextStepAfter, type Failure } from '@paceline/core'
import type { Call } from '../call.ts'
import type { Candidate } from '../candidate.ts'
import type { ChatRequest } from '../wire/conversation.ts'
import { isReplayable } from '../wire/replayable.ts'
import { canBeBegun, withPrefill } from './with-prefill.ts'

/**
 * One way to go on with an answer that broke off:
 *
 * - `prefill`: another model takes up the words so far
 * - `afresh`: nothing of the answer itself has been sent yet, so any model may give all of it
 * - `repeat`: the same model is asked again and what repeats the words so far is dropped
 * - `restart`: the caller has said that it can take a whole new answer in place of the broken one
 */
export interface Continuation {
  readonly way: 'prefill' | 'afresh' | 'repeat' | 'restart'
  readonly candidate: Candidate
  readonly request: ChatRequest
  /** White space that was sent and could not be part of the question. */
  readonly space: string
  /** Whether it asks somebody anew who has been asked already. */
  readonly isPaid: boolean
}

/** Whether somebody else may do better. */
export const canGoOn = (failure: Failure): boolean => {
  const step = nextStepAfter(failure)
  return step === 'move-on' || step === 'same-once'
}

/**
 * The ways to go on, best first.
 *
 * @param text what was sent; null where it can't be gone on with
 * @param broken who broke off
 * @param untried who has not been asked in this call, best first
 */
export function continuations(
  call: Call,
  text: string | null,
  broken: Candidate,
  untried: readonly Candidate[],
): Continuation[] {
  const { request } = call
  const plain = { request, space: '', isPaid: false }
  const ways: Continuation[] = []
  // Somebody else's words come as parts, which must be able to say all that was asked for.
  const words = isReplayable(call) ? text?.trimEnd() : undefined
  if (words === '')
    ways.push(...untried.map((candidate) => ({ ...plain, way: 'afresh', candidate }) as const))
  else if (text !== null && words !== undefined) {
    const isAble = ({ capabilities }: Candidate): boolean => capabilities.prefill
    const able = canBeBegun(request, words) ? untried.filter(isAble) : []
    const begun = able.length > 0 ? withPrefill(request, words) : request
    for (const candidate of able)
      ways.push({ ...plain, way: 'prefill', candidate, request: begun, space: text.slice(words.length) })
    if (repeatsItself(request)) {
      const same = untried.filter(({ model }) => model.model === broken.model.model)
      ways.push(...same.map((candidate) => ({ ...plain, way: 'repeat', candidate }) as const))
      ways.push({ ...plain, way: 'repeat', candidate: broken, isPaid: true })
    }
  }
  if (call.acceptsRestart) {
    ways.push(...untried.map((candidate) => ({ ...plain, way: 'restart', candidate }) as const))
    ways.push({ ...plain, way: 'restart', candidate: broken, isPaid: true })
  }
  return ways
}

/** Whether a model may be expected to give the same answer twice. */
const repeatsItself = ({ body }: ChatRequest): boolean =>
  body['temperature'] === 0 || typeof body['seed'] === 'number'
