import { expect, it } from 'vitest'
import type { ObservedCondition } from '../../src/condition.ts'
import { lineAfterAnswer, lineOf } from './line-order.ts'

const fresh = (): ObservedCondition => 'fresh'

it('brings who answered to the front and keeps the others in their order', () => {
  expect(lineAfterAnswer(['a', 'b', 'c'], 'c', fresh)).toEqual(['c', 'a', 'b'])
})

it('drops who no longer rides to the end', () => {
  expect(lineAfterAnswer(['a', 'b', 'c'], 'b', (id) => (id === 'a' ? 'hanging' : 'fresh'))).toEqual([
    'b',
    'c',
    'a',
  ])
})

it('leaves the line alone when a stranger answers', () => {
  expect(lineAfterAnswer(['a', 'b'], 'x', fresh)).toEqual(['a', 'b'])
})

it('puts newcomers at the end', () => {
  expect(lineOf(['b', 'a'], ['a', 'b', 'c'])).toEqual(['b', 'a', 'c'])
})
