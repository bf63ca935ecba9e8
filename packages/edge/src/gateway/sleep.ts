/** Resolves after `ms`, or as soon as `signal` aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(handle)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const handle = setTimeout(wake, ms)
    signal?.addEventListener('abort', wake, { once: true })
    if (signal?.aborted === true) wake()
  })
}
