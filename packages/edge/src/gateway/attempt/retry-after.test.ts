import { describe, expect, it } from 'vitest'
import { retryAfterMs } from './retry-after.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')

describe('how long a provider wants to be left alone', () => {
  it.each<[Record<string, string>, number | null]>([
    [{}, null],
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '1.5' }, 1_500],
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after-ms': 'soon', 'retry-after': '9' }, 9_000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 23:59:00 GMT' }, 0],
    [{ 'retry-after': 'Fri, 01 Jan 2027 00:00:00 GMT' }, 3_600_000],
    [{ 'retry-after': '99999999' }, 3_600_000],
    [{ 'retry-after': '' }, null],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': 'Infinity' }, null],
    [{ 'retry-after': '-5' }, null],
    [{ 'retry-after': 'in 5 minutes' }, null],
  ])('reads %j as %j ms', (headers, ms) => {
    expect(retryAfterMs(new Headers(headers), NOW)).toBe(ms)
  })
})
