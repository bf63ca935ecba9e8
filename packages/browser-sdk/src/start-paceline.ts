import { followDirectives, NO_DIRECTIVES } from './directives/follow-directives.ts'
import { isolated } from './isolated.ts'
import { listenForInputs } from './measure/asking-inputs.ts'
import { startMeasure } from './measure/measure.ts'
import { INERT_TURN, type Turn, type TurnOptions } from './measure/turn-options.ts'
import { showNotices, type LoadNotice } from './show-notices.ts'
import { TIMING, type PacelineOptions } from './options.ts'
import { INERT_RECORDER, type Recorder } from './report/event.ts'
import { startReporter } from './report/reporter.ts'
import { whenIdle } from './when-idle.ts'

/** The SDK as it runs on one page. */
export interface Paceline {
  /** Tells of a question that is about to be asked. Never throws; without measure it gives a turn that does nothing. */
  turn(options: TurnOptions): Turn
  /** Takes everything of it off the page. What is kept on disk is sent by the next page that starts it. */
  stop(): void
}

type Parts = ReturnType<typeof startMeasure>

let running: Paceline | undefined

/**
 * Starts the SDK, once for each page: a second start returns the instance that runs. Outside of a browser, as when a
 * page is rendered on a server, it gives one that does nothing.
 */
export function startPaceline(options: PacelineOptions, loadNotice: LoadNotice): Paceline {
  if (typeof document === 'undefined') return { turn: () => INERT_TURN, stop: () => undefined }
  if (running !== undefined) return running
  const stopping = new AbortController()
  const { signal } = stopping
  let parts: (() => Parts) | undefined
  const begin = isolated(() => {
    if (signal.aborted) return
    let started: Parts | undefined
    const all = (): Parts => (started ??= startParts(options, loadNotice, signal))
    parts = all
    // An input can't be made up for. The rest waits until the page has started or there is something to measure.
    listenForInputs((input) => all().onInput(input), signal)
    void whenIdle().then(isolated(() => parts?.()))
  })
  running = {
    turn: (options) => {
      try {
        return parts?.().turn(options) ?? INERT_TURN
      } catch {
        return INERT_TURN
      }
    },
    stop: isolated(() => {
      running = parts = undefined
      stopping.abort()
    }),
  }
  // Nobody sees or does anything on a page that is prepared in advance.
  if ((document as Document & { prerendering?: boolean }).prerendering)
    document.addEventListener('prerenderingchange', begin, { once: true })
  else begin()
  return running
}

function startParts(given: PacelineOptions, loadNotice: LoadNotice, signal: AbortSignal): Parts {
  if (given.edge === undefined)
    return startMeasure({ ...given, recorder: INERT_RECORDER, directives: NO_DIRECTIVES, signal })

  const edge = given.edge.replace(/\/+$/, '')
  const record: Recorder['record'] = (type, data) => recorder.record(type, data)
  const options = { ...given, edge, timing: { ...TIMING, ...given.timing }, record, signal }
  const onHeard = given.notice === false ? () => undefined : showNotices(loadNotice, options)
  const directives = followDirectives({ ...options, onHeard })
  const recorder = startReporter({ ...options, directives })
  return startMeasure({ ...options, recorder, directives })
}
