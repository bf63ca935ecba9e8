import { isolated } from '../isolated.ts'
import type { DataOf, Recorder } from '../report/event.ts'
import { newTextIn, reasoningIn, showsText, type Texts } from './answer-text.ts'
import { figuresOf } from './timeline.ts'
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
  readonly start: TurnStart
  /** What was shown; null when nothing was. */
  readonly shown: Promise<Shown | null>
  isOpen(): boolean
  proof(): string | undefined
  /** Each keeps the first instant that it is told. */
  requestedAt(at: number): void
  headersAt(at: number): void
  deltaAt(at: number): void
  /** What proves the call; what waited for it is sent. */
  prove(proof: string): void
  lose(reason: Loss): void
  /** Ends it without a word; what it has told and not yet sent is taken back. */
  forget(): void
  /** Settles with what is known: the page is about to go. */
  settle(): void
}

/** A question that nobody answers for this long has been given up. */
const GIVEN_UP_MS = 600_000
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
  const { region, inputAt, joined } = start
  const route = start.route === undefined ? {} : { route: start.route }
  const reasoningBefore = reasoningIn(region)
  let { before } = start
  let { requestAt } = start
  let headersAt: number | undefined
  let deltaAt: number | undefined
  let domAt: number | undefined
  let firstProgressMs: number | undefined
  let readyWhileHidden = false
  let proof: string | undefined
  let open = true
  let told: Told | undefined
  let stopPaint: ReturnType<typeof watchPaint> | undefined
  const { promise: shown, resolve } = deferred<Shown | null>()

  const sinceInput = (at: number): number => Math.max(0, Math.round((at - inputAt) * 10) / 10)
  const proven = (): { proof?: string } => (proof === undefined ? {} : { proof })

  const check = (): void => {
    if (!open || stopPaint !== undefined) return
    // A region that was cleared for its next answer owes nothing to the last one.
    if (before.size > 0 && !showsText(region)) before = new Map()
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
    firstProgressMs = sinceInput(performance.now())
    requestAnimationFrame(() => (firstProgressMs = sinceInput(performance.now())))
  }

  const observer = new MutationObserver(isolated(check))
  const watch = (): void => {
    observer.observe(region, CHANGES)
    // Still before the next paint, and after whoever opens the turn has it in hand.
    queueMicrotask(isolated(check))
  }

  /** Tells at once where the proof is known, else as soon as it is. */
  const tell = <T extends 'ai.turn.shown' | 'ai.turn.lost'>(type: T, data: () => DataOf<T>): void => {
    const held = recorder.hold(type, data())
    told = { held, amend: () => held.amend(data()) }
    if (proof !== undefined) held.release()
  }

  const close = (): boolean => {
    const wasOpen = open
    open = false
    observer.disconnect()
    clearTimeout(timer)
    return wasOpen
  }

  const onPaint = ({ at: shownAt, method, errorMs }: Paint): void => {
    if (!close()) return
    const circumstances = classOf({
      inputAt,
      joined,
      readyWhileHidden,
      lastHiddenAt: visibility.lastHiddenAt(),
      lastThawedAt: visibility.lastThawedAt(),
    })
    const describe = (): Shown => ({
      ...route,
      ...figuresOf({ inputAt, requestAt, headersAt, deltaAt, domAt: domAt ?? shownAt, shownAt }),
      class: circumstances,
      method,
      errorMs,
      ...(firstProgressMs !== undefined && { firstProgressMs }),
      ...proven(),
    })
    tell('ai.turn.shown', describe)
    resolve(describe())
  }

  const lose = (reason: Loss): void => {
    if (!close()) return
    stopPaint?.(false)
    const afterMs = sinceInput(performance.now())
    tell('ai.turn.lost', () => ({ ...route, reason, afterMs, ...proven() }))
    resolve(null)
  }

  const timer = setTimeout(
    isolated(() => lose('abandoned')),
    GIVEN_UP_MS,
  )
  watch()
  return {
    start,
    shown,
    isOpen: () => open,
    proof: () => proof,
    requestedAt: (at) => (requestAt ??= at),
    headersAt: (at) => (headersAt ??= at),
    deltaAt: (at) => (deltaAt ??= at),
    prove: (given) => {
      proof ??= given
      told?.amend()
      told?.held.release()
    },
    lose,
    forget: () => {
      if (close()) resolve(null)
      stopPaint?.(false)
      told?.held.withdraw()
    },
    settle: () => {
      if (!open) return
      stopPaint?.(true)
      lose('abandoned')
    },
  }
}

interface Told {
  readonly held: { release(): void; withdraw(): void }
  amend(): void
}

/** `Promise.withResolvers` is younger than the browsers that are served. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => (resolve = settle))
  return { promise, resolve }
}
