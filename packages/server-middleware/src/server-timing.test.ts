import { expect, it } from 'vitest'
import { mergedTiming, serverTimingOf } from './server-timing.ts'

it('reads the header from whatever holds headers', () => {
  expect(serverTimingOf(new Headers({ 'server-timing': 'a;dur=1' }))).toBe('a;dur=1')
  expect(serverTimingOf({ 'server-timing': 'a;dur=1' })).toBe('a;dur=1')
  expect(serverTimingOf({ 'server-timing': ['a;dur=1', 'b;dur=2'] })).toBe('a;dur=1, b;dur=2')
  expect(serverTimingOf({ other: 'x' })).toBeNull()
  expect(serverTimingOf(new Headers())).toBeNull()
})

it('keeps the app’s own metrics', () => {
  expect(mergedTiming('db;dur=3', 'a;dur=1')).toBe('db;dur=3, a;dur=1')
  expect(mergedTiming(['db;dur=3', 'c'], 'a;dur=1')).toBe('db;dur=3, c, a;dur=1')
  expect(mergedTiming(undefined, 'a;dur=1')).toBe('a;dur=1')
})
