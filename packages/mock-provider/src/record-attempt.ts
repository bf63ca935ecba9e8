import type { Attempt, Ending } from './attempt-log.ts'
import type { ProviderState } from './provider-state.ts'
import type { Recorder } from './script/play-script.ts'

const TELL_EVERY_BYTES = 1_048_576

/** Opens an attempt in the log and keeps it true to what goes out, and to the client's leaving. */
export function recordAttempt(attempt: Attempt, left: AbortSignal, state: ProviderState): Recorder {
  const change = state.attempts.open(attempt)
  let ending: Ending = 'open'
  let tokensSent = 0
  let bytesSent = 0
  let toldBytes = 0

  left.addEventListener('abort', () => {
    // Once an answer is over, the connection may close as it likes.
    if (ending !== 'open' && ending !== 'stalled') return
    const atMs = state.nowMs()
    const isClient = left.reason === 'client-left'
    if (ending === 'open') ending = isClient ? 'client-left' : 'cut'
    change({ ending, bytesSent, endedAtMs: atMs, clientLeftAtMs: isClient ? atMs : null })
  })

  return {
    headSent: (status) => change({ status, headersAtMs: state.nowMs() }),
    tokensSent(count) {
      const isFirst = tokensSent === 0
      tokensSent += count
      change(isFirst ? { tokensSent, firstTokenAtMs: state.nowMs() } : { tokensSent })
    },
    // Not told at once: there may be a write for every byte.
    bytesSent(count) {
      bytesSent += count
      toldBytes += count
      if (toldBytes < TELL_EVERY_BYTES) return
      toldBytes = 0
      change({ bytesSent })
    },
    ended(how) {
      ending = how
      change(how === 'stalled' ? { ending, bytesSent } : { ending, bytesSent, endedAtMs: state.nowMs() })
    },
  }
}
