import { isolated } from '../isolated.ts'
import type { BrowserEventType, DataOf, Held, Recorder } from '../report/event.ts'
import { newTextIn, reasoningIn, showsText, type Texts } from './answer-text.ts'
import { figuresOf, tenths } from './timeline.ts'
import { classOf } from './turn-class.ts'
import type { Visibility } from './visibility.ts'
import { watchPaint, type Paint } from './watch-paint.ts'

export type Shown = DataOf<'ai.turn.shown'>
type Loss = DataOf<'ai.turn.lost'>['reason']

export interface TurnStart {
  readonly region: Element
  /** What stood there and is no part of the answer. */
  readonly before: Texts
  readonly inputAt: number
  readonly requestAt?: number | undefined
  readonly joined: boolean
  readonly route: string | undefined
}

/** A question that waits for the first visible token of its answer. */
export interface PendingTurn {
  readonly region: Element
  readonly inputAt: number
  /** The instants that are known so far: whoever learns of one first puts it here. */
  requestAt?: number | undefined
  headersAt?: number | undefined
  deltaAt?: number | undefined
  /** What was shown; null when nothing was. */
  readonly shown: Promise<Shown | null>
  isOpen: boolean
  proof?: string
  /** What proves the call; what waited for it is sent. */
  prove(proof: string): void
  lose(reason: Loss): void
  /** Ends it without a word; what it has told and not yet sent is taken back. */
  forget(): void
  /** Settles with what is known: the page is about to go. */
  settle(): void
}

const CHANGES: MutationObserverInit = {
  childList: true,
  subtree: true,
  characterData: true,
  attributeFilter: ['hidden', 'aria-hidden', 'data-ai-reasoning'],
}

/**
 * Watches one region until the first text of an answer has been painted in it.
 *
 * @param hasText called when the text is in the document, before its paint; false ends the turn
 */
export function openTurn(
  start: TurnStart,
  recorder: Recorder,
  visibility: Visibility,
  hasText: () => boolean,
): PendingTurn {
  const { region, inputAt, route } = start
  const reasoningBefore = reasoningIn(region)
  let { before } = start
  let domAt = 0
  let firstProgressMs: number | undefined
  let readyWhileHidden = false
  let held: Held | undefined
  let stopPaint: ReturnType<typeof watchPaint> | undefined
  let resolve: (shown: Shown | null) => void

  const sinceInput = (): number => tenths(Math.max(0, performance.now() - inputAt))

  const check = (): void => {
    if (!turn.isOpen || stopPaint !== undefined) return
    // A region that was cleared for its next answer owes nothing to the last one.
    if (!showsText(region)) before = new Map()
    const text = newTextIn(region, before)
    if (text === undefined) {
      watchProgress()
      return
    }
    observer.disconnect()
    if (!hasText()) return
    domAt = performance.now()
    readyWhileHidden = document.hidden
    stopPaint = watchPaint(text, onPaint, () => {
      stopPaint = undefined
      watch()
    })
  }

  const watchProgress = (): void => {
    if (firstProgressMs !== undefined || document.hidden || reasoningIn(region) <= reasoningBefore) return
    firstProgressMs = sinceInput()
    requestAnimationFrame(() => (firstProgressMs = sinceInput()))
  }

  const observer = new MutationObserver(isolated(check))
  const watch = (): void => {
    observer.observe(region, CHANGES)
    // Still before the next paint, and after whoever opens the turn has it in hand.
    queueMicrotask(isolated(check))
  }

  const close = (): boolean => {
    const wasOpen = turn.isOpen
    turn.isOpen = false
    observer.disconnect()
    return wasOpen
  }

  /** Tells at once where the proof is known, else as soon as it is. */
  const tell = <T extends BrowserEventType>(type: T, describe: () => DataOf<T>): void => {
    held = recorder.hold(type, describe)
    if (turn.proof !== undefined) held.release()
  }

  const onPaint = ({ at: shownAt, method, errorMs }: Paint): void => {
    if (!close()) return
    const turnClass = classOf(start, readyWhileHidden, visibility)
    const describe = (): Shown => ({
      route,
      ...figuresOf({ ...turn, domAt, shownAt }),
      class: turnClass,
      method,
      errorMs,
      firstProgressMs,
      proof: turn.proof,
    })
    tell('ai.turn.shown', describe)
    resolve(describe())
  }

  const turn: PendingTurn = {
    ...start,
    isOpen: true,
    shown: new Promise((settle) => (resolve = settle)),
    prove: (proof) => {
      turn.proof ??= proof
      held?.release()
    },
    lose: (reason) => {
      if (!close()) return
      stopPaint?.(false)
      const afterMs = sinceInput()
      tell('ai.turn.lost', () => ({ route, reason, afterMs, proof: turn.proof }))
      resolve(null)
    },
    forget: () => {
      if (close()) resolve(null)
      stopPaint?.(false)
      held?.withdraw()
    },
    settle: () => {
      if (turn.isOpen) stopPaint?.(true)
      turn.lose('abandoned')
    },
  }
  watch()
  return turn
}
