/** One entry of workerd's log: the Worker's console, or workerd about itself. */
export interface RuntimeLogEntry {
  readonly level: string
  readonly message: string
}

/**
 * Whether workerd speaks of its own source: `e = rust/worker/ffi.rs:104: failed: …`, `kj/async-io.c++:186: …`, or a
 * stack of addresses. A provider that can't be reached makes it do so; the Worker tells that in its own words. A crash
 * (`*** Fatal uncaught …`) is everybody's business.
 */
export function isRuntimeNoise(message: string): boolean {
  if (message.startsWith('***')) return false
  // An alarm that was put off while it was about to ring; it rings at its new time.
  if (message.startsWith('NOSENTRY SQLite alarm handler canceled')) return true
  return (
    /^(?:e = |Uncaught exception: )?[\w./-]+\.(?:rs|c\+\+|h):\d+: /u.test(message) ||
    /\bwdErrId = /u.test(message)
  )
}

/** Prints what the Worker writes to its console, and what concerns the reader of workerd's own words. */
export function printRuntimeLog({ level, message }: RuntimeLogEntry): void {
  if (isRuntimeNoise(message)) return
  if (level === 'error' || level === 'warn') console.error(message)
  else console.log(message)
}
