import { findRegion } from './region-finder.ts'
import { newestInput, type Input } from './input-log.ts'
import type { PendingTurn, TurnStart } from './turn.ts'

export interface ImplicitTurns {
  /** The newest input that may have asked something. */
  newest(): Input | undefined
  onInput(input: Input): void
  /** Leaves a region, and with it the newest input where that is meant, to a turn that the page opens itself. */
  yieldTo(region: Element, withInput: boolean): void
  stop(): void
}

/** Nobody waits longer for the place of an answer to appear. */
const SEARCH_MS = 60_000

/** Turns that the page says nothing of: an input, and the region marked `data-ai-answer` that answers it. */
export function implicitTurns(
  isTaken: (region: Element) => boolean,
  open: (start: TurnStart, hasText: () => boolean) => PendingTurn,
): ImplicitTurns {
  let newest: Input | undefined
  let stop = (): void => undefined
  let rivals: PendingTurn[] = []

  const search = (inputAt: number): void => {
    stop()
    const turns: PendingTurn[] = []
    rivals = turns
    const end = findRegion((region) => {
      if (isTaken(region)) return
      const start = { region, before: new Map(), inputAt, joined: false, route: undefined }
      turns.push(
        open(start, () => {
          stop()
          return isAlone(turns)
        }),
      )
    })
    const timer = setTimeout(end, SEARCH_MS)
    stop = () => {
      clearTimeout(timer)
      end()
    }
  }

  return {
    newest: () => newest,
    onInput: (input) => {
      const before = newest
      newest = newestInput(before, input)
      if (newest.at !== before?.at) search(newest.at)
    },
    yieldTo: (region, withInput) => {
      if (withInput) stop()
      for (const rival of rivals) if (withInput || rival.region === region) rival.forget()
    },
    stop: () => stop(),
  }
}

/** Which of two regions answers can't be known: one figure is given up, and none is guessed. */
function isAlone(turns: readonly PendingTurn[]): boolean {
  const [first, ...others] = turns.filter((turn) => turn.isOpen)
  if (others.length === 0) return true
  for (const other of others) other.forget()
  first?.lose('ambiguous')
  return false
}
