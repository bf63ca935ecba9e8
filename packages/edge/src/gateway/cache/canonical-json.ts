import { isLongInteger } from '../wire/parse-json.ts'

/**
 * JSON of which equal values have equal text: keys sorted, no white space. For values that came out of JSON.
 * https://www.rfc-editor.org/rfc/rfc8785
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`
  // An integer that no number can hold is an object by its type alone.
  if (typeof value !== 'object' || value === null || isLongInteger(value)) return JSON.stringify(value)
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`)
  return `{${fields.join(',')}}`
}
