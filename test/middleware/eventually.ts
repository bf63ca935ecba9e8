import { setImmediate } from 'node:timers/promises'

/** Waits for what real sockets are about to bring, by turns of the event loop and not by time. */
export async function eventually(holds: () => boolean, what: string, atMostMs = 10_000): Promise<void> {
  const lastAt = performance.now() + atMostMs
  while (!holds()) {
    if (performance.now() > lastAt) throw new Error(`${what} did not come about within ${atMostMs} ms`)
    await setImmediate()
  }
}
