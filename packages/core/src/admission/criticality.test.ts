import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CRITICALITIES, lowered } from './criticality.ts'

describe('lowered', () => {
  it('lets a caller lower the class of its request, and never raise it', () => {
    expect(lowered('interactive', 'bulk')).toBe('bulk')
    expect(lowered('background', 'critical')).toBe('background')
    expect(lowered('background', 'urgent')).toBe('background')
    expect(lowered('critical', undefined)).toBe('critical')
    expect(lowered('critical', null)).toBe('critical')
  })

  it('raises nothing, whatever a header holds', () => {
    const header = fc.oneof(fc.string(), fc.constantFrom(...CRITICALITIES, 'constructor', '0'))
    fc.assert(
      fc.property(fc.constantFrom(...CRITICALITIES), header, (configured, header) => {
        const counted = CRITICALITIES.indexOf(lowered(configured, header))
        expect(counted).toBeGreaterThanOrEqual(CRITICALITIES.indexOf(configured))
      }),
    )
  })
})
