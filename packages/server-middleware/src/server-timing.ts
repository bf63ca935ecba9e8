/** Headers of an answer, as `fetch`, the official clients or Node give them. */
export type UpstreamHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * What an answer says in `Server-Timing`: the one header of the gateway's that is meant for browsers.
 * https://www.w3.org/TR/server-timing/
 */
export function serverTimingOf(headers: UpstreamHeaders): string | null {
  const value = isGetter(headers) ? headers.get('server-timing') : headers['server-timing']
  const text = typeof value === 'object' && value !== null ? value.join(', ') : (value ?? '')
  // What no header may hold would end the answer that it is put into, and what is endless would hide the rest.
  return /^[\t\x20-\x7e]+$/.test(text) && text.length <= MOST_OF_ONE ? text : null
}

/** The gateway's own has some 200 characters. */
const MOST_OF_ONE = 1_024
/** Proxies commonly take 4 to 16 KiB for all headers of an answer. */
export const MOST_RELAYED = 2_048

/** The app's own metrics first; names may repeat, and readers keep both. */
export function mergedTiming(own: string | readonly string[] | undefined, relayed: string): string {
  const ownText = typeof own === 'object' ? own.join(', ') : (own ?? '')
  return ownText === '' ? relayed : `${ownText}, ${relayed}`
}

/** The time that the gateway's answers took, by its own measure, in ms. */
export function gatewayMsOf(timing: string): number {
  const durations = timing.matchAll(/(?:^|,)\s*gateway;dur=(\d{1,7}(?:\.\d{1,6})?)(?=[,;\s]|$)/g)
  return Array.from(durations, ([, ms]) => Number(ms)).reduce((sum, ms) => sum + ms, 0)
}

const isGetter = (headers: UpstreamHeaders): headers is { get(name: string): string | null } =>
  typeof headers['get'] === 'function'
