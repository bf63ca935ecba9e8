import { expect, it } from 'vitest'
import { conditionOf, conditions, faultOf } from './condition.ts'

it.each(conditions)('reads %s back from the fault that it sets', (condition) => {
  const fault = faultOf(condition)
  expect(conditionOf(fault === undefined ? [] : [fault])).toBe(condition)
})

it('does not pretend to know a fault that the page did not set', () => {
  expect(conditionOf([{ kind: 'malformed' }])).toBe('other')
  expect(conditionOf([{ kind: 'slow' }, { kind: 'cut' }])).toBe('other')
})
