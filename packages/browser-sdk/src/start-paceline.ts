import { followDirectives } from './directives/follow-directives.ts'
import { isolated } from './isolated.ts'
import { startMeasure } from './measure/measure.ts'
import { INERT_TURN, type Turn, type TurnOptions } from './measure/turn-options.ts'
import { createNoticeBoard, type NoticeBoard } from './notice/notice-board.ts'
import { TIMING, type PacelineOptions } from './options.ts'
import { gatedRecorder } from './report/gated-recorder.ts'
import { mayReport } from './report/permission.ts'
import { startReporter } from './report/reporter.ts'
import { whenIdle } from './when-idle.ts'

/** The SDK as it runs on one page. */
export interface Paceline {
  /** Tells of a question that is about to be asked. Never throws; without measure it gives a turn that does nothing. */
  turn(options: TurnOptions): Turn
  /** Takes everything of it off the page. What is kept on disk is sent by the next page that starts it. */
  stop(): void
}

type Running = Pick<Paceline, 'turn'>

let running: Paceline | undefined

/**
 * Starts the SDK, once for each page: a second start returns the instance that runs. Outside of a browser, as when a
 * page is rendered on a server, it gives one that does nothing.
 */
export function startPaceline(options: PacelineOptions): Paceline {
  if (typeof document === 'undefined') return { turn: () => INERT_TURN, stop: () => undefined }
  if (running !== undefined) return running
  const stopping = new AbortController()
  let parts: Running | undefined
  const begin = isolated(() => {
    if (!stopping.signal.aborted) parts = run(options, stopping.signal)
  })
  running = {
    turn: (turn) => {
      try {
        return parts?.turn(turn) ?? INERT_TURN
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
  if ((document as Document & { prerendering?: boolean }).prerendering === true)
    document.addEventListener('prerenderingchange', begin, { once: true })
  else begin()
  return running
}

function run(
  { edge: given, key = '', notice = true, consent = true, ...options }: PacelineOptions,
  signal: AbortSignal,
): Running {
  const { route, region, tier } = options
  const timing = { ...TIMING, ...options.timing }
  const recorder = gatedRecorder()
  if (given === undefined)
    return startMeasure({ route, recorder, isOn: () => true, onProof: () => undefined, signal })
  const edge = given.replace(/\/+$/, '')
  let board: NoticeBoard | undefined

  const directives = followDirectives({
    edge,
    pollMs: (held) => ((held?.directives.notices.length ?? 0) > 0 ? timing.pollInIncidentMs : timing.pollMs),
    onChange: (held) => board?.refresh(held),
    onRefused: (refusal) => recorder.record('directive.refused', refusal),
    signal,
  })
  const isOn = (): boolean => directives.held()?.directives.sdk !== false
  const onVersion = (version: Parameters<typeof directives.hint>[0] | null | undefined): void => {
    if (version !== null && version !== undefined) directives.hint(version)
  }

  isolated(async () => {
    if (!(await mayReport(consent)) || signal.aborted) return
    recorder.open(
      startReporter({
        edge,
        key,
        ...timing,
        sampling: () => (isOn() ? (directives.held()?.directives.sampling ?? 1) : 0),
        ready: directives.firstLook,
        onEvent: options.onEvent,
        onAnswer: (answer) => onVersion(answer.directives),
        signal,
      }),
    )
  })()

  if (notice !== false)
    whenBody(() => {
      if (signal.aborted) return
      board = createNoticeBoard({
        options: notice === true ? {} : notice,
        audience: { route, region, tier },
        recorder,
        resolvedMs: timing.resolvedMs,
        signal,
      })
      const held = directives.held()
      if (held !== undefined) board.refresh(held)
    })

  return startMeasure({ route, recorder, isOn, onProof: ({ version }) => onVersion(version), signal })
}

/** An async script may run before there is a body. */
function whenBody(work: () => void): void {
  const begin = isolated(async () => {
    await whenIdle()
    work()
  })
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin, { once: true })
  else begin()
}
