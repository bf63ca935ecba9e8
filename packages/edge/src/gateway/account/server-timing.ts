import type { Call } from '../call.ts'

/**
 * The phases of the attempt that answered, and the time that went to attempts before it, in ms.
 * https://www.w3.org/TR/server-timing/
 */
export function serverTiming({ attempts, startedAt }: Call, now: number): string {
  // With two attempts under way at once, the one that answers need not be the last.
  const last = attempts.findLast(({ firstOutputAt }) => firstOutputAt !== null) ?? attempts.at(-1)
  if (last === undefined) return metric('gateway', now - startedAt)
  const phases = [metric('before', last.startedAt - startedAt)]
  if (last.headersAt !== null) phases.push(metric('headers', last.headersAt - last.startedAt))
  if (last.firstOutputAt !== null) phases.push(metric('first-output', last.firstOutputAt - last.startedAt))
  return [...phases, metric('gateway', now - startedAt)].join(', ')
}

const metric = (name: string, ms: number): string => `${name};dur=${ms}`
