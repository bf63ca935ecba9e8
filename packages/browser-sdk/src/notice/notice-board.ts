import type { Notice, PublicDirectives } from '@paceline/core'
import { isolated } from '../isolated.ts'
import type { Timing } from '../options.ts'
import type { Recorder } from '../report/event.ts'
import { composeNotice } from './compose-notice.ts'
import { openDismissals } from './dismissals.ts'
import type { NoticeOptions } from './notice-options.ts'
import { noticesInForce, weightOf, type Audience } from './notices-in-force.ts'
import { createNoticeView } from './notice-view.ts'

export interface NoticeBoardOptions extends Audience {
  readonly notice?: boolean | NoticeOptions
  readonly record: Recorder['record']
  readonly timing: Pick<Timing, 'resolvedMs'>
  readonly signal: AbortSignal
}

export interface NoticeBoard {
  /** @param heardAt by `performance.now()`: the server's clock and ours need not agree */
  refresh(directives: PublicDirectives, heardAt: number): void
}

/** Often enough that no minute on it is wrong for long. */
const REFRESH_MS = 10_000
/** So long must its region have stood for assistive technology to hear what comes into it. */
const NOTED_MS = 100

/** Shows the worst notice that concerns the user and that they have not put away. */
export function createNoticeBoard({
  notice: look,
  record,
  timing,
  signal,
  ...audience
}: NoticeBoardOptions): NoticeBoard {
  const options = typeof look === 'object' ? look : {}
  signal.throwIfAborted()
  const dismissals = openDismissals()
  const told = new Set<string>()
  let directives: PublicDirectives
  let heardAt: number
  let shown: Notice | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const view = createNoticeView(options, () => {
    if (shown !== undefined) {
      dismissals.add(shown.incident, weightOf(shown))
      record('notice.dismissed', seen(shown))
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
    const ageMs = performance.now() - heardAt
    const { maxAgeMs, sdk, notices } = directives
    const inForce = sdk ? noticesInForce(notices, ageMs, audience) : []
    const notice = inForce.find((one) => !dismissals.covers(one.incident, weightOf(one)))
    if (notice === undefined) {
      takeDown(inForce, ageMs)
      return
    }
    shown = notice
    const name = `${notice.incident} ${notice.severity}`
    if (!told.has(name)) record('notice.shown', seen(notice))
    told.add(name)
    view.show(composeNotice(notice, ageMs, ageMs > maxAgeMs, options), notice.severity)
    const turns = [maxAgeMs, ...inForce.map(({ ttlMs }) => ttlMs)].map((at) => at - ageMs)
    timer = setTimeout(isolated(update), Math.min(REFRESH_MS, ...turns.filter((ms) => ms >= 0)) + 1)
  }

  /** Only a newer document can say that it is over; a notice whose time ran out just goes. */
  const takeDown = (inForce: readonly Notice[], ageMs: number): void => {
    const last = shown
    if (last === undefined) return
    shown = undefined
    const isOver = directives.sdk && !directives.notices.some(({ incident }) => incident === last.incident)
    if (!isOver || inForce.length > 0 || ageMs >= REFRESH_MS) {
      view.hide()
      return
    }
    view.showResolved()
    setTimeout(
      isolated(() => {
        if (shown === undefined) view.hide()
      }),
      timing.resolvedMs,
    )
  }

  let isNoted = false
  timer = setTimeout(
    isolated(() => {
      isNoted = true
      update()
    }),
    NOTED_MS,
  )
  return {
    refresh: (next, at) => {
      if (signal.aborted) return
      directives = next
      heardAt = at
      if (isNoted) update()
    },
  }
}

const seen = ({ incident, severity }: Notice): Pick<Notice, 'incident' | 'severity'> => ({
  incident,
  severity,
})
