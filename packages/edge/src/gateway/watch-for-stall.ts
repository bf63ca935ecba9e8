import type { StreamLayer } from './call.ts'
import type { PhaseTimer } from './phase-timer.ts'
import { isOutput } from './wire/part.ts'

/** After the finish marker only token counts and the format's own end are still to come, and neither is worth a wait. */
const AFTER_FINISH_MS = 500

/**
 * Aborts a stream whose outputs stop coming. Comments, pings and roles are no output and reset nothing.
 *
 * @param release called once when the stream is over
 */
export function watchForStall(timer: PhaseTimer, gapMs: number, release: () => void): StreamLayer {
  return async function* (events) {
    let finished = false
    try {
      for await (const batch of events) {
        const parts = batch.flatMap((event) => event.parts)
        // Armed by the first finish marker alone: nothing that follows it buys more time.
        if (!finished) {
          finished = parts.some((part) => part.kind === 'finish')
          if (finished) timer.arm('stream', AFTER_FINISH_MS)
          else if (parts.some(isOutput)) timer.arm('stream', gapMs)
        }
        // A slow reader is not a silent provider: the watch rests while the batch waits to be taken.
        timer.pause()
        yield batch
        timer.resume()
      }
    } finally {
      release()
    }
  }
}
