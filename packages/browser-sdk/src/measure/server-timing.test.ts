import { describe, expect, it } from 'vitest'
import { proofInHeader, readProof } from './server-timing.ts'

describe('the proof of a call', () => {
  it('is read from its entry among others', () => {
    expect(proofInHeader('gateway;dur=5, paceline;desc="call-1.rec_2.3-41", cdn;dur=1')).toEqual({
      proof: 'call-1.rec_2',
      version: { epoch: 3, version: 41 },
    })
  })

  it('stands without a version', () => {
    expect(readProof('call.receipt')).toEqual({ proof: 'call.receipt', version: undefined })
  })

  it.each([
    null,
    '',
    'paceline',
    'paceline;desc=""',
    'paceline;desc="call"',
    'paceline;desc="a b.c"',
    'xpaceline;desc="a.b"',
  ])('is not read from %o', (header) => {
    expect(proofInHeader(header)).toBeUndefined()
  })
})
