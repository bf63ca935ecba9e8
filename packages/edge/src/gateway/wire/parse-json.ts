/**
 * JSON from outside: its value, or the fact that it is none. An integer that no number can hold keeps its digits: it
 * becomes an object that JSON.stringify spells as it came. https://tc39.es/proposal-json-parse-with-source/
 */
export function parseJson(
  text: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    // A reviver makes parsing several times slower, and hardly any text needs one.
    const value: unknown = LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
    return { ok: true, value }
  } catch {
    return { ok: false }
  }
}

/** Whether a value stands for an integer that no number can hold. */
export const isLongInteger = (value: unknown): boolean => exact.isRawJSON(value)

/** 2^53 has sixteen digits. */
const LONG_NUMBER = /\d{16}/

/** Newer than the library that the compiler knows. */
const exact = JSON as typeof JSON & {
  rawJSON(text: string): object
  isRawJSON(value: unknown): boolean
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return /^-?\d+$/.test(source) && source !== String(value) ? exact.rawJSON(source) : value
}
