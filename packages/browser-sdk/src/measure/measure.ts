import type { Directives } from '../directives/follow-directives.ts'
import { isolated } from '../isolated.ts'
import { listen } from '../listen.ts'
import type { Recorder } from '../report/event.ts'
import { textsOf } from './answer-text.ts'
import { watchCalls, type CallTiming } from './call-timing.ts'
import { implicitTurns } from './implicit-turns.ts'
import type { Input } from './input-log.ts'
import { proofInHeader } from './server-timing.ts'
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
  readonly route?: string | undefined
  readonly recorder: Recorder
  readonly directives: Pick<Directives, 'isOn' | 'hint'>
  readonly signal: AbortSignal
}

/** Measures every turn of the page: those that it opens itself, and those that its markup shows. */
export function startMeasure({ route, recorder, directives, signal }: MeasureOptions): {
  turn: (options: TurnOptions) => Turn
  onInput: (input: Input) => void
} {
  const visibility = watchVisibility(signal)
  let turns: PendingTurn[] = []
  const openIn = (region: Element): PendingTurn | undefined =>
    turns.find((turn) => turn.region === region && turn.isOpen)

  const open = (start: TurnStart, hasText = (): boolean => true): PendingTurn => {
    const turn = openTurn({ ...start, route: start.route ?? route }, recorder, visibility, hasText)
    turns = [...turns.slice(1 - REMEMBERED), turn]
    return turn
  }
  const implicit = implicitTurns((region) => openIn(region) !== undefined, open)

  const bind = (call: CallTiming): void => {
    directives.hint(call.version)
    const turn =
      turns.find(({ proof }) => proof === call.proof) ??
      turns.findLast(({ proof, inputAt }) => proof === undefined && inputAt <= call.requestAt + 1)
    if (turn === undefined) return
    turn.requestAt ??= call.requestAt
    turn.headersAt ??= call.headersAt
    turn.prove(call.proof)
  }
  isolated(() => watchCalls(bind, signal))()

  listen(
    window,
    'pagehide',
    ({ persisted }: PageTransitionEvent) => {
      // A page that is kept may come back, and its answer with it.
      if (!persisted) for (const turn of turns) turn.settle()
    },
    signal,
    true,
  )
  signal.addEventListener('abort', () => {
    implicit.stop()
    for (const turn of turns) if (turn.isOpen) turn.forget()
  })

  const control = (start: TurnStart): Turn => {
    const pending = open(start)
    const answered = isolated(({ headers }: AnswerHead) => {
      pending.headersAt ??= performance.now()
      const call = proofInHeader(headers.get('server-timing'))
      if (call === undefined) return
      pending.prove(call.proof)
      directives.hint(call.version)
    })
    return {
      shown: pending.shown,
      answered,
      delta: isolated(() => (pending.deltaAt ??= performance.now())),
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
    onInput: (input) => {
      if (directives.isOn()) implicit.onInput(input)
    },
    turn: ({ region, response, route, startedAt }) => {
      const now = performance.now()
      const newest = implicit.newest()?.at ?? -Infinity
      const inputAt = startedAt ?? (now - newest <= INPUT_WINDOW_MS ? newest : undefined)
      implicit.yieldTo(region, Math.abs(newest - (inputAt ?? now)) < SAME_QUESTION_MS)
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
