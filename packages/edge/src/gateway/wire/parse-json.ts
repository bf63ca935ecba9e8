/**
 * JSON from outside: its value, or the fact that it is none. An integer that no number can hold keeps its digits: it
 * becomes an object that JSON.stringify spells as it came. https://tc39.es/proposal-json-parse-with-source/
 */
export function parseJson(
  text: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    // A reviver makes parsing several times slower, and hardly any text needs one.
    const value: unknown = hasLongNumber(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
    return { ok: true, value }
  } catch {
    return { ok: false }
  }
}

/** Whether a value stands for an integer that no number can hold. */
export const isLongInteger = (value: unknown): boolean => exact.isRawJSON(value)

/** 2^53 has sixteen. */
const DIGITS = 16

/** Whether so many digits stand in a row. Every run of them has one at a multiple of its length, so few need a look. */
function hasLongNumber(text: string): boolean {
  for (let at = DIGITS - 1; at < text.length; at += DIGITS) {
    if (!isDigit(text, at)) continue
    let from = at
    while (isDigit(text, from - 1)) from -= 1
    let to = at
    while (isDigit(text, to + 1)) to += 1
    if (to - from >= DIGITS - 1) return true
  }
  return false
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}

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
