import { followDirectives } from './directives/follow-directives.ts'
import { isolated } from './isolated.ts'
import { startMeasure } from './measure/measure.ts'
import { INERT_TURN, type Turn, type TurnOptions } from './measure/turn-options.ts'
import { showNotices, type LoadNotice } from './show-notices.ts'
import { TIMING, type PacelineOptions } from './options.ts'
import { INERT_RECORDER } from './report/event.ts'
import { startReporter } from './report/reporter.ts'

/** The SDK as it runs on one page. */
export interface Paceline {
  /** Tells of a question that is about to be asked. Never throws; without measure it gives a turn that does nothing. */
  turn(options: TurnOptions): Turn
  /** Takes everything of it off the page. What is kept on disk is sent by the next page that starts it. */
  stop(): void
}

let running: Paceline | undefined

/**
 * Starts the SDK, once for each page: a second start returns the instance that runs. Outside of a browser, as when a
 * page is rendered on a server, it gives one that does nothing.
 */
export function startPaceline(options: PacelineOptions, loadNotice: LoadNotice): Paceline {
  if (typeof document === 'undefined') return { turn: () => INERT_TURN, stop: () => undefined }
  if (running !== undefined) return running
  const stopping = new AbortController()
  let openTurn: ((options: TurnOptions) => Turn) | undefined
  const begin = isolated(() => {
    if (!stopping.signal.aborted) openTurn = run(options, loadNotice, stopping.signal)
  })
  running = {
    turn: (turn) => {
      try {
        return openTurn?.(turn) ?? INERT_TURN
      } catch {
        return INERT_TURN
      }
    },
    stop: isolated(() => {
      running = undefined
      stopping.abort()
    }),
  }
  // Nobody sees or does anything on a page that is prepared in advance.
  if ((document as Document & { prerendering?: boolean }).prerendering)
    document.addEventListener('prerenderingchange', begin, { once: true })
  else begin()
  return running
}

function run(
  { edge: given, key = '', notice = true, consent = true, onEvent, ...options }: PacelineOptions,
  loadNotice: LoadNotice,
  signal: AbortSignal,
): (options: TurnOptions) => Turn {
  const { route, region, tier } = options
  if (given === undefined)
    return startMeasure({
      route,
      recorder: INERT_RECORDER,
      isOn: () => true,
      onVersion: () => undefined,
      signal,
    })

  const edge = given.replace(/\/+$/, '')
  const timing = { ...TIMING, ...options.timing }
  const directives = followDirectives({
    edge,
    timing,
    onHeard:
      notice === false
        ? () => undefined
        : showNotices(loadNotice, {
            options: notice === true ? {} : notice,
            audience: { route, region, tier },
            record: (type, data) => recorder.record(type, data),
            resolvedMs: timing.resolvedMs,
            signal,
          }),
    onRefused: (refusal) => recorder.record('directive.refused', refusal),
    signal,
  })
  const isOn = (): boolean => directives.held()?.sdk !== false
  const recorder = startReporter({
    edge,
    key,
    consent,
    timing,
    sampling: () => (isOn() ? (directives.held()?.sampling ?? 1) : 0),
    ready: directives.firstLook,
    onEvent,
    onVersion: directives.hint,
    signal,
  })
  return startMeasure({ route, recorder, isOn, onVersion: directives.hint, signal })
}
