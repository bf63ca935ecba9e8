import type { Notice } from '@paceline/core'
import type { HeldDirectives } from '../directives/follow-directives.ts'
import { isolated } from '../isolated.ts'
import type { Recorder } from '../report/event.ts'
import { composeNotice } from './compose-notice.ts'
import { openDismissals } from './dismissals.ts'
import type { NoticeOptions } from './notice-options.ts'
import { noticesInForce, weightOf, type Audience } from './notices-in-force.ts'
import { createNoticeView } from './notice-view.ts'

export interface NoticeBoardOptions {
  readonly options: NoticeOptions
  readonly audience: Audience
  readonly recorder: Recorder
  readonly resolvedMs: number
  readonly signal: AbortSignal
}

export interface NoticeBoard {
  refresh(held: HeldDirectives): void
}

/** Often enough that no minute on it is wrong for long. */
const REFRESH_MS = 10_000

/** Shows the worst notice that concerns the user and that they have not put away. */
export function createNoticeBoard({
  options,
  audience,
  recorder,
  resolvedMs,
  signal,
}: NoticeBoardOptions): NoticeBoard {
  const dismissals = openDismissals()
  const told = new Set<string>()
  let held: HeldDirectives | undefined
  let shown: Notice | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const view = createNoticeView(options, () => {
    if (shown !== undefined) {
      dismissals.add(shown.incident, weightOf(shown))
      recorder.record('notice.dismissed', seen(shown))
    }
    shown = undefined
    view.hide()
    update()
  })
  signal.addEventListener('abort', () => {
    clearTimeout(timer)
    view.remove()
  })

  const update = (): void => {
    clearTimeout(timer)
    if (held === undefined || signal.aborted) return
    const ageMs = performance.now() - held.receivedAt
    const { maxAgeMs, sdk } = held.directives
    const inForce = sdk ? noticesInForce(held, ageMs, audience) : []
    const notice = inForce.find((one) => !dismissals.covers(one.incident, weightOf(one)))
    if (notice === undefined) {
      takeDown(inForce, ageMs)
      return
    }
    shown = notice
    const name = `${notice.incident} ${notice.severity}`
    if (!told.has(name)) recorder.record('notice.shown', seen(notice))
    told.add(name)
    view.show(composeNotice(notice, ageMs, ageMs > maxAgeMs, options), notice.severity)
    const turns = [maxAgeMs, ...inForce.map(({ ttlMs }) => ttlMs)].map((at) => at - ageMs)
    timer = setTimeout(isolated(update), Math.min(REFRESH_MS, ...turns.filter((ms) => ms >= 0)) + 1)
  }

  /** Only a newer document can say that it is over; a notice whose time ran out just goes. */
  const takeDown = (inForce: readonly Notice[], ageMs: number): void => {
    const last = shown
    shown = undefined
    const isOver =
      last !== undefined && !held?.directives.notices.some(({ incident }) => incident === last.incident)
    if (isOver && held?.directives.sdk === true && inForce.length === 0 && ageMs < REFRESH_MS) {
      view.showResolved()
      timer = setTimeout(
        isolated(() => view.hide()),
        resolvedMs,
      )
    } else view.hide()
  }

  return {
    refresh: (next) => {
      held = next
      update()
    },
  }
}

const seen = ({ incident, severity }: Notice): Pick<Notice, 'incident' | 'severity'> => ({
  incident,
  severity,
})
