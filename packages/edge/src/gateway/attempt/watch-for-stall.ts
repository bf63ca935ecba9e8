import type { StreamLayer } from '../call.ts'
import { FinishMarker } from './finish-marker.ts'
import type { PhaseTimer } from './phase-timer.ts'
import { isOutput, type PartGenerator, type StreamEvent } from '../wire/part.ts'

/** After the finish marker only token counts and the format's own end are still to come, and neither is worth a long wait. */
const AFTER_FINISH_MS = 2_000

/**
 * Aborts a stream whose outputs stop coming. Comments, pings and roles are no output and reset nothing.
 *
 * @param release called once when the stream is over
 */
export function watchForStall(timer: PhaseTimer, gapMs: number, release: () => void): StreamLayer {
  return async function* (events): PartGenerator {
    const finish = new FinishMarker()
    try {
      for await (const batch of events) {
        const stood = finish.stands
        for (const { parts } of batch) finish.read(parts)
        const limitMs = finish.stands && !finish.contradicted ? Math.min(AFTER_FINISH_MS, gapMs) : gapMs
        // Once finished, nothing that follows buys more time.
        if (speaks(batch) || (finish.stands && !stood)) timer.arm('stream', limitMs)
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

const speaks = (batch: readonly StreamEvent[]): boolean => batch.some(({ parts }) => parts.some(isOutput))
