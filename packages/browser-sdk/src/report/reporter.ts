import type { Directives } from '../directives/follow-directives.ts'
import { isolated } from '../isolated.ts'
import { listen } from '../listen.ts'
import type { PacelineOptions, Timing } from '../options.ts'
import { backOffMs } from './back-off.ts'
import {
  INERT_RECORDER,
  type BrowserEvent,
  type BrowserEventType,
  type DataOf,
  type Recorder,
} from './event.ts'
import { openEventStore, type Kept } from './event-store.ts'
import { mayReport } from './permission.ts'
import { postEvents } from './post-events.ts'
import { isSampled, newId, sessionId } from './session.ts'
import { takeBatch, type Batch } from './take-batch.ts'

const MOST_AT_ONCE = 100
const BLOCKED_AFTER = 3

export interface ReporterOptions extends Pick<PacelineOptions, 'key' | 'consent' | 'onEvent'> {
  readonly edge: string
  readonly timing: Timing
  /** Nothing is sent before the first look: it tells whether anything is to be sent at all. */
  readonly directives: Directives
  readonly signal: AbortSignal
}

/**
 * Keeps every event on disk from the moment it happens until the edge has judged that very event, across pages, tabs
 * and outages. What is sent twice the edge knows by its id.
 */
export function startReporter(options: ReporterOptions): Recorder {
  const { edge, key = '', consent = true, timing, directives, signal } = options
  const url = `${edge}/events`
  const store = openEventStore()
  const holds = new Set<() => void>()
  /** What can never pass. Another page may try again. */
  const setAside = new Set<string>()
  let session = ''
  let isAllowed = false
  let isFlushing = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let notBefore = 0
  let failures = 0
  /** In a row; when they are too many there is quiet until the network comes back. */
  let unreachable = 0
  let most = MOST_AT_ONCE

  const isWanted = (): boolean =>
    isAllowed && !signal.aborted && isSampled((session ||= sessionId()), directives.sampling())
  const batchOf = (kept: readonly Kept[]): Batch =>
    takeBatch(
      key,
      kept.filter(([one]) => !setAside.has(one)),
      most,
    )

  const schedule = (): void => {
    timer ??= setTimeout(isolated(flush), Math.max(timing.flushMs, notBefore - performance.now()))
  }

  const flush = async (): Promise<void> => {
    timer = undefined
    if (unreachable >= BLOCKED_AFTER || !navigator.onLine) return
    if (isFlushing || performance.now() < notBefore) {
      schedule()
      return
    }
    isFlushing = true
    try {
      await directives.firstLook
      await oneTabAtATime(sendAll)
    } finally {
      isFlushing = false
    }
  }

  const sendAll = async (): Promise<void> => {
    while (!signal.aborted) {
      if (!isWanted()) {
        store.remove(store.own().map(([key]) => key))
        return
      }
      const batch = batchOf(await store.ready())
      const { keys } = batch
      if (keys.length === 0) return
      // A keepalive request may fail for want of quota alone, so after a failure it goes without.
      const answer = await postEvents(url, batch, failures === 0, directives.hint).catch(() => undefined)
      if (answer !== undefined) unreachable = 0
      if (answer?.done.length) {
        store.remove(answer.done)
        failures = 0
        most = Math.min(MOST_AT_ONCE, most * 2)
      } else if (answer?.isTooMuch && keys.length > 1) most = keys.length >> 1
      else {
        if (answer?.isTooMuch) setAside.add(keys[0] ?? '')
        failures += 1
        // Offline is no outage of the edge.
        if (answer === undefined && navigator.onLine && ++unreachable >= BLOCKED_AFTER) {
          recorder.record('reporting.blocked', { attempts: unreachable })
          return
        }
        const waitMs = backOffMs(failures, timing.backOffMs, Math.random())
        notBefore = performance.now() + Math.max(waitMs, answer?.waitMs ?? 0)
        schedule()
        return
      }
    }
  }

  const create = <T extends BrowserEventType>(type: T, data: DataOf<T>): BrowserEvent =>
    ({
      specversion: '1.0',
      id: newId(),
      source: `/browser/${session}`,
      type,
      time: new Date().toISOString(),
      data,
    }) as BrowserEvent
  const put = (event: BrowserEvent, holdMs = 0): string =>
    store.put(event.id, JSON.stringify(event), Date.now() + holdMs)
  const tell = (event: BrowserEvent): void => {
    put(event)
    isolated(() => options.onEvent?.(event))()
    schedule()
  }

  const recorder: Recorder = {
    record: (type, data) => {
      if (isWanted()) tell(create(type, data))
    },
    hold: (type, describe) => {
      if (!isWanted()) return INERT_RECORDER.hold(type, describe)
      const event = create(type, describe())
      const key = put(event, timing.holdMs)
      const withdraw = (): void => {
        holds.delete(release)
        store.remove([key])
      }
      const release = (): void => {
        if (!holds.has(release)) return
        withdraw()
        tell({ ...event, data: describe() } as BrowserEvent)
      }
      holds.add(release)
      setTimeout(isolated(release), timing.holdMs)
      return { release, withdraw }
    },
  }

  const leave = (event: Event): void => {
    if (event.type === 'pagehide') for (const release of holds) release()
    else if (!document.hidden) {
      schedule()
      return
    }
    if (!isWanted()) return
    const { keys, body } = batchOf(store.own())
    if (keys.length > 0) navigator.sendBeacon(url, body)
    store.rescue()
  }
  isolated(async () => {
    // An attribute may have made it a text, which is no yes.
    const answer: unknown = mayReport(consent)
    isAllowed = answer === true
    isAllowed = (await answer) === true
    if (!isAllowed) return
    // After the measure's own listeners, which tell what they know when the page is left.
    listen(window, 'pagehide', leave, signal)
    listen(document, 'visibilitychange', leave, signal)
    listen(
      window,
      'online',
      () => {
        unreachable = 0
        notBefore = 0
        return flush()
      },
      signal,
    )
    schedule()
  })()
  signal.addEventListener('abort', () => clearTimeout(timer))
  return recorder
}

/** Web Locks where there are any; without them two tabs may send the same, which the edge takes once. */
const oneTabAtATime = async (work: () => Promise<void>): Promise<void> =>
  (navigator as Partial<Navigator>).locks?.request('paceline', work) ?? work()
