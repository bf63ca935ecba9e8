import { isolated } from '../isolated.ts'
import { readProof, type CallProof } from './server-timing.ts'

/** A request whose answer names its call, seen when its answer has ended. */
export interface CallTiming extends CallProof {
  readonly requestAt: number
  /** Undefined where the server does not tell it to pages of other origins. */
  readonly headersAt: number | undefined
}

/** Reads the calls of finished requests out of resource timing, which needs no hold of the page's `fetch`. */
export function watchCalls(onCall: (timing: CallTiming) => void, signal: AbortSignal): void {
  const observer = new PerformanceObserver(
    isolated((list: PerformanceObserverEntryList) => {
      for (const entry of list.getEntries() as PerformanceResourceTiming[]) {
        const proof = readProof(entry.serverTiming?.find(({ name }) => name === 'paceline')?.description)
        if (proof !== undefined)
          onCall({ ...proof, requestAt: entry.startTime, headersAt: entry.responseStart || undefined })
      }
    }),
  )
  observer.observe({ type: 'resource', buffered: true })
  signal.addEventListener('abort', () => observer.disconnect())
}
