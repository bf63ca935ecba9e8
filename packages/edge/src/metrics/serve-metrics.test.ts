import { NEWCOMER } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { Ledger } from './ledger.ts'
import { renderMetrics, serveMetrics } from './serve-metrics.ts'

const OPERATORS = [{ secret: new TextEncoder().encode('token') }]
const ask = (measure: Parameters<typeof serveMetrics>[2], token = 'token'): Promise<Response> =>
  serveMetrics(
    new Request('https://edge/metrics', { headers: { authorization: `Bearer ${token}` } }),
    OPERATORS,
    measure,
  )

describe('the ledger', () => {
  it('counts, hands on, and takes back what could not be handed on', () => {
    const ledger = new Ledger()
    ledger.count('attempts', 'first')
    ledger.count('attempts', 'first')
    ledger.count('answers', 'complete')
    const taken = ledger.take()
    expect(taken).toEqual({ 'attempts first': 2, 'answers complete': 1 })
    expect(ledger.counts).toEqual({})
    ledger.count('attempts', 'first')
    ledger.add(taken)
    expect(ledger.counts).toEqual({ 'attempts first': 3, 'answers complete': 1 })
  })
})

describe('the metrics', () => {
  it('are spelt as scrapers read them', () => {
    const shares = { 'a"b\\c': { ...NEWCOMER, share: 0.5 } }
    const text = renderMetrics([
      {
        region: 'default',
        counts: { 'attempts hedge': 3, 'answers stale': 1 },
        snapshot: { version: 1, shares },
      },
    ])
    expect(text).toBe(
      [
        '# TYPE paceline_attempts counter',
        '# HELP paceline_attempts Attempts at providers by reason; all but the first of a request are extra load.',
        'paceline_attempts_total{region="default",reason="hedge"} 3',
        '# TYPE paceline_answers counter',
        '# HELP paceline_answers Answers by how they came to be.',
        'paceline_answers_total{region="default",answer="stale"} 1',
        '# TYPE paceline_candidate_share gauge',
        '# HELP paceline_candidate_share Share of each candidate by health, 0 to 1.',
        String.raw`paceline_candidate_share{region="default",candidate="a\"b\\c"} 0.5`,
        '# EOF',
        '',
      ].join('\n'),
    )
  })

  it('are for operators alone', async () => {
    expect((await ask(() => Promise.resolve([]))).status).toBe(200)
    expect((await ask(() => Promise.resolve([]), 'another')).status).toBe(401)
  })

  it('say so when nobody holds them', async () => {
    const response = await ask(() => Promise.reject(new Error('out')))
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ type: 'urn:paceline:problem:health_out', retryable: true })
  })
})
