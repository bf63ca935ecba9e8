import type { Notice } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { composeNotice } from './compose-notice.ts'

const notice: Notice = {
  id: 'n',
  incident: 'i',
  severity: 'warning',
  code: 'slow',
  select: {},
  symptom: 'Answers are slow.',
  works: 'Everything else.',
  action: 'We are on it.',
  since: 0,
  nextUpdateMs: 600_000,
}
const MINUTE_MS = 60_000

describe('composeNotice', () => {
  it('says how old it is and when to expect more', () => {
    expect(composeNotice(notice, 0, false, {}).news).toBe('Updated now · next update in 10 minutes')
    expect(composeNotice(notice, 4 * MINUTE_MS, false, {}).news).toBe(
      'Updated 4 minutes ago · next update in 6 minutes',
    )
  })

  it('promises no update that is overdue', () => {
    expect(composeNotice(notice, 11 * MINUTE_MS, false, {}).news).toBe(
      'Updated 11 minutes ago · the next update is overdue',
    )
  })

  it('says that it may be out of date only when it is stale', () => {
    expect(composeNotice(notice, 0, false, {}).stale).toBeUndefined()
    expect(composeNotice(notice, 0, true, {}).stale).toContain('out of date')
  })

  it('takes the texts that the page has for its code', () => {
    const messages = { slow: { symptom: 'Langsam.', works: '', action: 'Gleich.' } }
    expect(composeNotice(notice, 0, false, { messages })).toMatchObject({
      symptom: 'Langsam.',
      facts: [['What we do', 'Gleich.']],
    })
  })
})
