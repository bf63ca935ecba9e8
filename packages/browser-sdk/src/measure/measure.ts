import { isolated } from '../isolated.ts'
import { listen } from '../listen.ts'
import type { Recorder } from '../report/event.ts'
import { watchBody } from './answer-body.ts'
import { textsOf } from './answer-text.ts'
import { listenForInputs } from './asking-inputs.ts'
import { watchCalls, type CallTiming } from './call-timing.ts'
import { implicitTurns } from './implicit-turns.ts'
import { proofInHeader, type CallProof } from './server-timing.ts'
import { openTurn, type PendingTurn, type TurnStart } from './turn.ts'
import type { AnswerHead, Turn, TurnOptions } from './turn-options.ts'
import { watchVisibility } from './visibility.ts'

/** An input this old did not ask the question that a page tells of now. */
const INPUT_WINDOW_MS = 5_000
/** A page that says when the user asked may not say it to the millisecond. */
const SAME_QUESTION_MS = 1_000
/** Turns whose call may still become known. */
const REMEMBERED = 20

export interface MeasureOptions {
  readonly route: string | undefined
  readonly recorder: Recorder
  readonly isOn: () => boolean
  readonly onProof: (proof: CallProof) => void
  readonly signal: AbortSignal
}

/** Measures every turn of the page: those that it opens itself, and those that its markup shows. */
export function startMeasure({ route, recorder, isOn, onProof, signal }: MeasureOptions): {
  turn: (options: TurnOptions) => Turn
} {
  const visibility = watchVisibility(signal)
  let turns: PendingTurn[] = []
  const openIn = (region: Element): PendingTurn | undefined =>
    turns.find((turn) => turn.start.region === region && turn.isOpen())

  const open = (start: TurnStart, hasText = (): boolean => true): PendingTurn => {
    const turn = openTurn({ ...start, route: start.route ?? route }, recorder, visibility, hasText)
    turns = [...turns.slice(1 - REMEMBERED).filter((other) => !isUseless(other)), turn]
    return turn
  }
  const isUseless = (turn: PendingTurn): boolean => !turn.isOpen() && turn.proof() !== undefined
  const implicit = implicitTurns((region) => openIn(region) !== undefined, open)

  listenForInputs((input) => {
    if (isOn()) implicit.onInput(input)
  }, signal)

  const bind = ({ proof, requestAt, headersAt, ...rest }: CallTiming): void => {
    onProof({ proof, ...rest })
    const turn =
      turns.find((turn) => turn.proof() === proof) ??
      turns.findLast((turn) => turn.proof() === undefined && turn.start.inputAt <= requestAt + 1)
    turn?.requestedAt(requestAt)
    if (headersAt !== undefined) turn?.headersAt(headersAt)
    turn?.prove(proof)
  }
  isolated(() => watchCalls(bind, signal))()

  listen(
    window,
    'pagehide',
    ({ persisted }: PageTransitionEvent) => {
      // A page that is kept may come back, and its answer with it.
      if (!persisted) turns.forEach((turn) => turn.settle())
    },
    signal,
    true,
  )
  signal.addEventListener('abort', () => {
    implicit.stop()
    for (const turn of turns) if (turn.isOpen()) turn.forget()
  })

  const control = (start: TurnStart): Turn => {
    const pending = open(start)
    const answered = ({ headers }: AnswerHead): void => {
      pending.headersAt(performance.now())
      const proof = proofInHeader(headers.get('server-timing'))
      if (proof === undefined) return
      pending.prove(proof.proof)
      onProof(proof)
    }
    return {
      shown: pending.shown,
      answered: isolated(answered),
      wrap: (response) => {
        isolated(answered)(response)
        return watchBody(
          response,
          () => pending.deltaAt(performance.now()),
          () => pending.lose('transport-lost'),
        )
      },
      delta: isolated(() => pending.deltaAt(performance.now())),
      lost: isolated(() => pending.lose('transport-lost')),
      abandon: isolated(() => pending.lose('abandoned')),
      forget: isolated(() => pending.forget()),
      retry: () => {
        pending.forget()
        return control({ ...start, before: textsOf(start.region), requestAt: performance.now() })
      },
    }
  }

  return {
    turn: ({ region, response, route, startedAt }) => {
      const now = performance.now()
      const newest = implicit.newest()
      const input = newest !== undefined && now - newest.at <= INPUT_WINDOW_MS ? newest.at : undefined
      const inputAt = startedAt ?? input
      implicit.yieldTo(region, input !== undefined && Math.abs(input - (inputAt ?? 0)) < SAME_QUESTION_MS)
      openIn(region)?.lose('abandoned')
      const turn = control({
        region,
        before: textsOf(region),
        inputAt: inputAt ?? now,
        joined: inputAt === undefined,
        route,
        requestAt: response === undefined ? now : undefined,
      })
      if (response !== undefined) turn.answered(response)
      return turn
    },
  }
}
