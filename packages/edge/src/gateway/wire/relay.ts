import type { Batch, PartStream } from './part.ts'

/**
 * A stream whose batches come by another way, and which is closed as its source is. Cheaper than a generator around a
 * generator: each of those costs several turns of the event loop for each batch.
 */
export const relay = (source: PartStream, next: () => Promise<IteratorResult<Batch, void>>): PartStream => ({
  next,
  return: () => source.return(),
  [Symbol.asyncIterator]() {
    return this
  },
})

/**
 * What was read ahead of a stream, and then the rest. The rest is closed with it, also where it is left before the first
 * batch was taken.
 */
export function withHead(head: Batch, rest: PartStream): PartStream {
  let held: Batch | null = head
  return relay(rest, () => {
    if (held === null) return rest.next()
    const value = held
    held = null
    return Promise.resolve({ done: false, value })
  })
}
