import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EVIDENCE, evidenceForgiven, NO_EVIDENCE, seenByGateway, seenByPage } from './browser-evidence.ts'
import type { BrowserEvidence } from './browser-evidence.ts'

/** One full window of pages, so many of them late, with as many first outputs of the gateway before it. */
function window(evidence: BrowserEvidence, late: number): BrowserEvidence {
  let next = evidence
  for (let output = 0; output < EVIDENCE.window; output += 1) next = seenByGateway(next)
  for (let page = 0; page < EVIDENCE.window; page += 1) next = seenByPage(next, page < late)
  return next
}
const windows = (evidence: BrowserEvidence, lates: readonly number[]): BrowserEvidence =>
  lates.reduce(window, evidence)

describe('what pages have seen', () => {
  it('takes a fifth after two windows in a row that are worse than usual', () => {
    expect(windows(NO_EVIDENCE, [1, 10]).factor).toBe(1)
    expect(windows(NO_EVIDENCE, [1, 10, 10]).factor).toBeCloseTo(0.8)
  })

  it('never takes more than half, and gives it back by two points a window', () => {
    const worst = windows(NO_EVIDENCE, [0, ...Array.from({ length: 20 }, () => 20)])
    expect(worst.factor).toBe(0.5)
    expect(window(worst, 0).factor).toBeCloseTo(0.52)
    expect(
      windows(
        worst,
        Array.from({ length: 25 }, () => 0),
      ).factor,
    ).toBe(1)
  })

  it('is compared with what they usually see: slow devices are nobody’s fault', () => {
    expect(
      windows(
        NO_EVIDENCE,
        Array.from({ length: 50 }, () => 12),
      ).factor,
    ).toBe(1)
  })

  it('finds a new usual, sooner or later', () => {
    const changed = windows(NO_EVIDENCE, [2, ...Array.from({ length: 300 }, () => 12)])
    expect(changed.factor).toBe(1)
  })

  it('counts for nothing beyond the number that the gateway saw meanwhile', () => {
    let evidence = window(NO_EVIDENCE, 0)
    for (let page = 0; page < 10_000; page += 1) evidence = seenByPage(evidence, true)
    expect(evidence).toEqual(window(NO_EVIDENCE, 0))
    for (let output = 0; output < 7; output += 1) evidence = seenByGateway(evidence)
    for (let page = 0; page < 10_000; page += 1) evidence = seenByPage(evidence, true)
    expect(evidence.window).toEqual({ samples: 7, late: 7 })
  })

  it('stays between half and whole, whoever says what in whatever order', () => {
    const word = fc.constantFrom('gateway', 'late', 'timely')
    const run = fc.record({ word, times: fc.integer({ min: 1, max: 60 }) })
    fc.assert(
      fc.property(fc.array(run), (runs) => {
        let evidence = NO_EVIDENCE
        let [pages, outputs] = [0, 0]
        for (const { word: said, times } of runs) {
          for (let time = 0; time < times; time += 1) {
            if (said === 'gateway') outputs += 1
            const before = evidence
            evidence = said === 'gateway' ? seenByGateway(before) : seenByPage(before, said === 'late')
            if (said !== 'gateway' && evidence !== before) pages += 1
            expect(evidence.factor).toBeGreaterThanOrEqual(EVIDENCE.floor)
            expect(evidence.factor).toBeLessThanOrEqual(1)
            expect(pages).toBeLessThanOrEqual(outputs)
          }
        }
      }),
    )
  })

  it('is forgiven, all but what is usual', () => {
    const tired = windows(NO_EVIDENCE, [2, 20, 20])
    expect(evidenceForgiven(tired)).toEqual({ ...NO_EVIDENCE, usualLate: tired.usualLate })
  })
})
