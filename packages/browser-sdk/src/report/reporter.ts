import type { EventsAnswer } from '@paceline/core'
import { isolated } from '../isolated.ts'
import { listen } from '../listen.ts'
import { backOffMs } from './back-off.ts'
import type { BrowserEvent, BrowserEventType, DataOf, Held, Recorder } from './event.ts'
import { openEventStore } from './event-store.ts'
import { eventPost } from './post-events.ts'
import { newId, openSession } from './session.ts'
import { isReady, takeBatch } from './take-batch.ts'

const MOST_AT_ONCE = 100
const BLOCKED_AFTER = 3
const POISONED_MOST = 3

export interface ReporterOptions {
  readonly edge: string
  readonly key: string
  /** The part of the sessions that report; 0 while everything is switched off. */
  readonly sampling: () => number
  /** Nothing is sent before this has settled: it tells whether anything is to be sent at all. */
  readonly ready: Promise<unknown>
  readonly flushMs: number
  readonly holdMs: number
  readonly backOffMs: number
  readonly onEvent: ((event: BrowserEvent) => void) | undefined
  readonly onAnswer: (answer: Partial<EventsAnswer>) => void
  readonly signal: AbortSignal
}

/**
 * Keeps every event on disk from the moment it happens until the edge has judged that very event, across pages, tabs
 * and outages. What is sent twice the edge knows by its id.
 */
export function startReporter(options: ReporterOptions): Recorder {
  const { edge, key, sampling, signal } = options
  const store = openEventStore()
  const session = openSession()
  const post = eventPost(edge, options.onAnswer)
  const holds = new Map<string, () => void>()
  const setAside = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let notBefore = 0
  let failures = 0
  let unreachable = 0
  let most = MOST_AT_ONCE
  let poisoned = 0
  let isFlushing = false
  let isQuiet = false

  const isWanted = (): boolean => session.isSampled(sampling()) && !signal.aborted

  const schedule = (ms = options.flushMs): void => {
    timer ??= setTimeout(
      isolated(() => {
        timer = undefined
        return flush()
      }),
      Math.max(ms, notBefore - performance.now()),
    )
  }

  const flush = async (): Promise<void> => {
    if (isQuiet || !navigator.onLine) return
    if (isFlushing) {
      schedule()
      return
    }
    isFlushing = true
    try {
      await options.ready
      if (isWanted()) await oneTabAtATime(sendAll)
      else if (!signal.aborted) store.remove(store.own())
    } finally {
      isFlushing = false
    }
  }

  const sendAll = async (): Promise<void> => {
    for (;;) {
      const now = Date.now()
      const kept = (await store.oldest()).filter((one) => !setAside.has(one.key))
      const ready = kept.filter((one) => isReady(one, now))
      const batch = takeBatch(key, ready, most)
      if (!isWanted()) return
      if (batch.items.length === 0) {
        // Held by another tab, or by a page that did not live to release them.
        if (kept.length > 0) schedule(Math.min(...kept.map(({ heldUntil }) => heldUntil - now)) + 1)
        return
      }
      // A keepalive request may fail for want of quota alone, so after a failure it goes without.
      const step = await post.send(batch, failures === 0).catch(() => undefined)
      if (step !== undefined) unreachable = 0
      if (step?.kind === 'settled') {
        store.remove(step.done)
        failures = 0
        poisoned = 0
        most = Math.min(MOST_AT_ONCE, most * 2)
      } else if (step?.kind === 'split') {
        if (batch.items.length === 1) {
          setAside.add(batch.items[0]?.key ?? '')
          poisoned += 1
          // Not the events are wrong, but whoever refuses every one of them.
          if (poisoned > POISONED_MOST) {
            later(0)
            return
          }
        }
        most = Math.max(1, Math.floor(batch.items.length / 2))
      } else {
        later(step?.atLeastMs)
        return
      }
    }
  }

  /** @param atLeastMs undefined when the edge could not be reached at all */
  const later = (atLeastMs: number | undefined): void => {
    failures += 1
    if (atLeastMs === undefined && navigator.onLine) unreachable += 1
    if (unreachable >= BLOCKED_AFTER) {
      isQuiet = true
      recorder.record('reporting.blocked', { attempts: unreachable })
      return
    }
    const waitMs = backOffMs(failures, options.backOffMs, Math.random())
    notBefore = performance.now() + Math.max(waitMs, atLeastMs ?? 0)
    schedule()
  }

  const keep = <T extends BrowserEventType>(type: T, data: DataOf<T>, heldUntil: number): Held<T> => {
    const id = newId()
    const at = Date.now()
    const name = `${at}-${id}`
    const base = {
      specversion: '1.0',
      id,
      source: `/browser/${session.id}`,
      type,
      time: new Date(at).toISOString(),
    }
    let isHeld = isWanted()
    if (!isHeld) return { amend: nothing, release: nothing, withdraw: nothing }
    let event = { ...base, data } as BrowserEvent
    const put = (until: number): void => store.put({ key: name, event, heldUntil: until })
    const release = (): void => {
      if (!isHeld) return
      isHeld = false
      holds.delete(name)
      put(0)
      isolated(() => options.onEvent?.(event))()
      schedule()
    }
    if (heldUntil > 0) {
      put(heldUntil)
      holds.set(name, release)
      setTimeout(isolated(release), options.holdMs)
    } else release()
    return {
      amend: (data) => {
        if (isHeld) event = { ...base, data } as BrowserEvent
      },
      release,
      withdraw: () => {
        if (!isHeld) return
        isHeld = false
        holds.delete(name)
        store.remove([{ key: name, event, heldUntil }])
      },
    }
  }

  const recorder: Recorder = {
    record: (type, data) => void keep(type, data, 0),
    hold: (type, data) => keep(type, data, Date.now() + options.holdMs),
  }

  const leave = (event: Event): void => {
    if (event.type === 'pagehide') {
      for (const release of holds.values()) release()
      store.rescue()
    } else if (!document.hidden) {
      schedule()
      return
    }
    const own = store.own().filter((kept) => isReady(kept, Date.now()) && !setAside.has(kept.key))
    const batch = takeBatch(key, own, MOST_AT_ONCE)
    if (isWanted() && batch.items.length > 0) post.beacon(batch)
  }
  // After the measure's own listeners, which tell what they know when the page is left.
  listen(window, 'pagehide', leave, signal)
  listen(document, 'visibilitychange', leave, signal)
  const comeBack = (): void => {
    isQuiet = false
    unreachable = 0
    notBefore = 0
    clearTimeout(timer)
    timer = undefined
    schedule()
  }
  listen(window, 'online', comeBack, signal)
  signal.addEventListener('abort', () => clearTimeout(timer))
  schedule()
  return recorder
}

const nothing = (): void => undefined

/** Web Locks where there are any; without them two tabs may send the same, which the edge takes once. */
const oneTabAtATime = async (work: () => Promise<void>): Promise<void> =>
  'locks' in navigator ? await navigator.locks.request('paceline', work) : await work()
