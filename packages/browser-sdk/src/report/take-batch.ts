import type { BrowserEvent } from './event.ts'

/** One kept event. */
export interface Kept {
  /** Sorts by age. */
  readonly key: string
  readonly event: BrowserEvent
  /** Until when its own page keeps it back for its proof, in epoch ms; 0 when it is ready. */
  readonly heldUntil: number
}

/** Browsers let a page have 64 KiB of keepalive bodies in flight, all its scripts together. */
export const BATCH_BYTES = 60_000
/** No page holds an event for longer: a promise that lies further ahead was made by a clock that has jumped. */
const LONGEST_HOLD_MS = 20_000

export const isReady = ({ heldUntil }: Kept, now: number): boolean =>
  heldUntil <= now || heldUntil > now + LONGEST_HOLD_MS

export interface Batch {
  readonly items: readonly Kept[]
  readonly body: string
}

/** The oldest events that fit into one request. The first always goes along, so that none blocks the rest. */
export function takeBatch(key: string, kept: readonly Kept[], most: number): Batch {
  const head = `{"key":${JSON.stringify(key)},"events":[`
  const events: string[] = []
  let bytes = head.length + 2
  for (const { event } of kept.slice(0, most)) {
    const json = JSON.stringify(event)
    // Everything in an event is ASCII but what a page names: counted as its UTF-8 at worst.
    bytes += json.length + 1 + 2 * (json.match(/[^\0-\u007f]/g)?.length ?? 0)
    if (bytes > BATCH_BYTES && events.length > 0) break
    events.push(json)
  }
  return { items: kept.slice(0, events.length), body: `${head}${events.join()}]}` }
}
