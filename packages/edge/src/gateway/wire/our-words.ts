import { parseJson } from './parse-json.ts'
import type { RawEvent } from './part.ts'

/** The field, and the beginning of the events, in which the gateway itself speaks. */
const OURS = 'paceline'

/**
 * A provider's event as it may pass: without anything that a caller would take for the gateway's own word, such as an
 * account of another answer, or the order to throw away what has come. All else that it says stays.
 */
export function withoutOurWords(raw: RawEvent): RawEvent {
  // Names may be spelled with escapes; few events hold any of those.
  const isSuspect =
    raw.data.includes(OURS) || raw.data.includes(String.raw`\u00`) || raw.event.startsWith(OURS)
  const json = isSuspect ? parseJson(raw.data) : null
  if (json?.ok !== true || typeof json.value !== 'object' || json.value === null) return raw
  const { [OURS]: account, type, ...rest } = json.value as Readonly<Record<string, unknown>>
  const isOurType = typeof type === 'string' && type.startsWith(OURS)
  if (account === undefined && !isOurType && !raw.event.startsWith(OURS)) return raw
  return {
    event: raw.event.startsWith(OURS) ? '' : raw.event,
    data: JSON.stringify({ ...(type === undefined || isOurType ? {} : { type }), ...rest }),
  }
}
