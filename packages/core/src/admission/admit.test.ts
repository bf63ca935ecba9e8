import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MODES } from '../directive.ts'
import { admit, type Applicant, type Pressure } from './admit.ts'
import { CRITICALITIES, type Criticality } from './criticality.ts'

const calm: Pressure = { inFlight: 0, limit: 100, mode: 'normal', permitted: true }
const fresh = (criticality: Criticality): Applicant => ({ criticality, started: false })
const later = (criticality: Criticality): Applicant => ({ criticality, started: true })
const admittedUnder = (pressure: Partial<Pressure>): Criticality[] =>
  CRITICALITIES.filter((criticality) => admit({ ...calm, ...pressure }, fresh(criticality)) === null)

const pressures = fc.record({
  inFlight: fc.nat(200),
  limit: fc.double({ min: 0.1, max: 150, noNaN: true }),
  mode: fc.constantFrom(...MODES),
  permitted: fc.boolean(),
})
const classes = fc.constantFrom(...CRITICALITIES)

describe('admit', () => {
  it.each([
    [0, ['critical', 'interactive', 'background', 'bulk']],
    [59, ['critical', 'interactive', 'background', 'bulk']],
    [60, ['critical', 'interactive', 'background']],
    [70, ['critical', 'interactive']],
    [80, ['critical']],
    [100, []],
  ])('at %i of 100 in flight admits %j', (inFlight, admitted) => {
    expect(admittedUnder({ inFlight })).toEqual(admitted)
  })

  it.each([
    ['normal', ['critical', 'interactive', 'background', 'bulk']],
    ['conserving', ['critical', 'interactive', 'background', 'bulk']],
    ['degraded', ['critical', 'interactive', 'background']],
    ['essential', ['critical', 'interactive']],
    ['emergency', ['critical']],
  ] as const)('in mode %s admits %j', (mode, admitted) => {
    expect(admittedUnder({ mode })).toEqual(admitted)
    expect(admit({ ...calm, mode }, later('bulk'))).toBeNull()
  })

  it('keeps the attempts that are left for users, where no candidate is permitted', () => {
    expect(admittedUnder({ permitted: false })).toEqual(['critical', 'interactive'])
    expect(admit({ ...calm, permitted: false }, fresh('bulk'))).toBe('no-provider')
    expect(admit({ ...calm, permitted: false }, later('bulk'))).toBeNull()
  })

  it('lets one request into an empty gateway, however low the limit', () => {
    expect(admittedUnder({ limit: 0.01 })).toEqual(CRITICALITIES)
    expect(admittedUnder({ limit: 0.01, inFlight: 1 })).toEqual([])
  })

  it('turns started runs away when they are too many themselves', () => {
    expect(admit({ ...calm, inFlight: 119 }, later('bulk'))).toBeNull()
    expect(admit({ ...calm, inFlight: 120 }, later('critical'))).toBe('overloaded')
  })

  it('never admits the less critical of two where the other is turned away', () => {
    fc.assert(
      fc.property(pressures, classes, classes, (pressure, one, other) => {
        fc.pre(CRITICALITIES.indexOf(one) < CRITICALITIES.indexOf(other))
        const isMore = admit(pressure, fresh(one)) === null
        expect(isMore || admit(pressure, fresh(other)) !== null).toBe(true)
      }),
    )
  })

  it('never turns a started run away where anything is admitted that has started nothing', () => {
    fc.assert(
      fc.property(pressures, classes, classes, (pressure, own, other) => {
        const isShed = admit(pressure, later(own)) !== null
        expect(isShed && admit(pressure, fresh(other)) === null).toBe(false)
      }),
    )
  })
})
