import { describe, expect, it } from 'vitest'
import { judgeAnswer } from './judge-answer.ts'

const sent = ['1 a', '2 b', '3 c']
const verdicts = (...given: readonly [string | null, string][]) =>
  ({ verdicts: given.map(([id, verdict]) => ({ id, verdict })) }) as never
const done = (body: never) => judgeAnswer(200, null, body, sent).done

describe('judgeAnswer', () => {
  it('is done with what was accepted, known or refused, and with nothing else', () => {
    expect(done(verdicts(['a', 'accepted'], ['b', 'postponed'], ['c', 'refused']))).toEqual(['1 a', '3 c'])
    expect(done(verdicts(['a', 'duplicate']))).toEqual(['1 a'])
  })

  it('goes by the verdict on that very event', () => {
    expect(done(verdicts(['b', 'accepted']))).toEqual([])
  })

  it('drops an event whose id the edge can not read', () => {
    expect(done(verdicts([null, 'refused']))).toEqual(['1 a'])
  })

  it.each([400, 413])('tries fewer after %i', (status) => {
    expect(judgeAnswer(status, null, {}, sent)).toEqual({ done: [], isTooMuch: true, waitMs: 0 })
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
  ])('keeps everything after %i, Retry-After %o and body %o', (status, retryAfter, body, waitMs) => {
    expect(judgeAnswer(status, retryAfter, body as never, sent)).toEqual({
      done: [],
      isTooMuch: false,
      waitMs,
    })
  })
})
