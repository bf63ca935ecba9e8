/** What changes an answer's price or style and not what was said: caching, and thinking of earlier turns. */
const HINTS = new Set(['cache_control', 'reasoning_content', 'reasoning'])

/**
 * The fields of an object that say something which its translation would lose.
 *
 * @param known fields that are translated
 * @param field where the object stands in the request
 */
export const unknownKeys = (object: object, known: ReadonlySet<string>, field: string): string[] =>
  Object.entries(object)
    .filter(([key, value]) => !known.has(key) && !HINTS.has(key) && !saysNothing(value))
    .map(([key]) => `${field}.${key}`)

// Clients send answers back as they received them, with all their empty fields.
const saysNothing = (value: unknown): boolean =>
  value === null || value === undefined || (Array.isArray(value) && value.length === 0)
