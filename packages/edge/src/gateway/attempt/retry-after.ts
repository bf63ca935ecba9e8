const LONGEST_MS = 3_600_000

/**
 * How long a provider wants to be left alone, in ms: `retry-after-ms` where it is sent (OpenAI), else `Retry-After`
 * in seconds or as a date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 *
 * @param now epoch ms
 */
export function retryAfterMs(headers: Headers, now: number): number | null {
  const precise = positive(headers.get('retry-after-ms'))
  if (precise !== null) return Math.min(precise, LONGEST_MS)
  const value = headers.get('retry-after')
  const seconds = positive(value)
  if (seconds !== null) return Math.min(seconds * 1000, LONGEST_MS)
  // Dates begin with a weekday. Without this, JavaScript takes "-5" for a month.
  const date = value !== null && /^\s*[a-z]{3}/i.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? null : Math.min(Math.max(date - now, 0), LONGEST_MS)
}

function positive(value: string | null): number | null {
  const number = value === null || value.trim() === '' ? Number.NaN : Number(value)
  return Number.isFinite(number) && number >= 0 ? number : null
}
