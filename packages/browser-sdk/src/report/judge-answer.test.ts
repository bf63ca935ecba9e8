import { describe, expect, it } from 'vitest'
import type { BrowserEvent } from './event.ts'
import { judgeAnswer } from './judge-answer.ts'
import type { Kept } from './take-batch.ts'

const sent = ['a', 'b', 'c'].map((id): Kept => ({ key: id, heldUntil: 0, event: { id } as BrowserEvent }))
const verdicts = (...given: readonly [string | null, string][]) => ({
  verdicts: given.map(([id, verdict]) => ({ id, verdict })),
})

describe('judgeAnswer', () => {
  it('is done with what was accepted, known or refused, and with nothing else', () => {
    const body = verdicts(['a', 'accepted'], ['b', 'postponed'], ['c', 'refused'])
    expect(judgeAnswer(200, null, body, sent)).toEqual({ kind: 'settled', done: [sent[0], sent[2]] })
    expect(judgeAnswer(200, null, verdicts(['a', 'duplicate']), sent)).toEqual({
      kind: 'settled',
      done: [sent[0]],
    })
  })

  it('goes by the verdict on that very event', () => {
    expect(judgeAnswer(200, null, verdicts(['b', 'accepted']), sent)).toEqual({ kind: 'wait', atLeastMs: 0 })
  })

  it('drops an event whose id the edge can not read', () => {
    expect(judgeAnswer(200, null, verdicts([null, 'refused']), sent)).toEqual({
      kind: 'settled',
      done: [sent[0]],
    })
  })

  it.each([400, 413])('tries fewer after %i', (status) => {
    expect(judgeAnswer(status, null, {}, sent)).toEqual({ kind: 'split' })
  })

  it.each([
    [401, null, null, 0],
    [403, null, {}, 0],
    [429, '7', {}, 7_000],
    [503, 'Fri, 31 Dec 2027 23:59:59 GMT', null, 60_000],
    [503, '999999', null, 3_600_000],
    [200, null, null, 0],
    [200, null, '<html>', 0],
    [200, null, { verdicts: 'all fine' }, 0],
    [502, null, verdicts(['a', 'accepted']), 0],
  ])('keeps everything after %i, Retry-After %o and body %o', (status, retryAfter, body, atLeastMs) => {
    expect(judgeAnswer(status, retryAfter, body, sent)).toEqual({ kind: 'wait', atLeastMs })
  })
})
