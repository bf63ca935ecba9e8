import type { PublicDirectives, Version } from '@paceline/core'
import { listen } from '../listen.ts'
import type { Timing } from '../options.ts'
import type { Recorder } from '../report/event.ts'
import { isNewer } from './is-newer.ts'
import { judgeDirectives } from './judge-directives.ts'

export interface FollowOptions {
  readonly edge: string
  readonly timing: Timing
  /** At every good answer, also when only its ages have changed. */
  readonly onHeard: (directives: PublicDirectives) => void
  readonly record: Recorder['record']
  readonly signal: AbortSignal
}

export interface Directives {
  /** The kill switch. */
  readonly isOn: () => boolean
  /** The part of the sessions that report; 0 while everything is switched off. */
  readonly sampling: () => number
  /** Somebody has seen this version: fetches it unless it is known of already. */
  readonly hint: (version: Version | null | undefined) => void
  /** Settles with the first look, whatever became of it. */
  readonly firstLook: Promise<void>
}

/** Stands in where there is no edge. */
export const NO_DIRECTIVES = { isOn: () => true, hint: () => undefined }

/** Keeps the newest good directives. A bad document changes nothing and is told of once. */
export function followDirectives({ edge, timing, onHeard, record, signal }: FollowOptions): Directives {
  let held: PublicDirectives | undefined
  let newest: Version = { epoch: 0, version: 0 }
  let looking: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let lookedAt = 0
  let refused = ''

  const isOn = (): boolean => held?.sdk !== false

  const take = (text: string): void => {
    const judged = judgeDirectives(text, held)
    if ('reason' in judged) {
      const name = JSON.stringify(judged)
      if (name !== refused) record('directive.refused', judged)
      refused = name
    } else {
      held = judged
      if (isNewer(held, newest)) newest = held
      onHeard(held)
    }
  }

  const fetchOnce = async (): Promise<void> => {
    try {
      const response = await fetch(`${edge}/directives`, {
        cache: 'no-cache',
        credentials: 'omit',
        signal: AbortSignal.timeout(10_000),
      })
      if (response.ok && !signal.aborted) take(await response.text())
    } catch {
      // Unreachable: what is held stays, and grows old.
    }
    looking = undefined
    lookedAt = performance.now()
    schedule()
  }
  const look = (): Promise<void> => (looking ??= fetchOnce())

  const schedule = (): void => {
    clearTimeout(timer)
    if (signal.aborted || document.hidden) return
    const waitMs = held?.notices.length ? timing.pollInIncidentMs : timing.pollMs
    timer = setTimeout(look, lookedAt + waitMs * (0.8 + 0.4 * Math.random()) - performance.now())
  }
  listen(document, 'visibilitychange', schedule, signal)
  signal.addEventListener('abort', () => clearTimeout(timer))

  return {
    isOn,
    sampling: () => (isOn() ? (held?.sampling ?? 1) : 0),
    hint: (version) => {
      if (!version || !isNewer(version, newest)) return
      newest = version
      // One that is under way may have left before it was known.
      void Promise.resolve(looking).then(look)
    },
    firstLook: look(),
  }
}
