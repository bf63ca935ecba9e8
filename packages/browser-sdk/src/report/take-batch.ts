import type { Kept } from './event-store.ts'

/** Browsers let a page have 64 KiB of keepalive bodies in flight, all its scripts together. */
export const BATCH_BYTES = 60_000

export interface Batch {
  readonly keys: readonly string[]
  readonly body: string
}

/** The oldest events that fit into one request. The first always goes along, so that none blocks the rest. */
export function takeBatch(key: string, kept: readonly Kept[], most: number): Batch {
  const head = `{"key":${JSON.stringify(key)},"events":[`
  const keys: string[] = []
  const events: string[] = []
  let bytes = head.length + 2
  for (const [key, json] of kept.slice(0, most)) {
    bytes += new Blob([json]).size + 1
    if (bytes > BATCH_BYTES && keys.length > 0) break
    keys.push(key)
    events.push(json)
  }
  return { keys, body: `${head}${events.join()}]}` }
}
