/**
 * Closes and exits when the terminal or a parent says so.
 *
 * @returns lets go of the signals again
 */
export function onSignal(close: () => Promise<void>): () => void {
  const stop = (): void => void close().then(() => process.exit(130))
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) {
    // Miniflare's own listener exits at once and leaves the rest running.
    process.removeAllListeners(signal)
    process.once(signal, stop)
  }
  return () => {
    for (const signal of signals) process.off(signal, stop)
  }
}
