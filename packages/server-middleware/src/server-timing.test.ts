import { expect, it } from 'vitest'
import { gatewayMsOf, mergedTiming, serverTimingOf } from './server-timing.ts'

it('reads the header from whatever holds headers', () => {
  expect(serverTimingOf(new Headers({ 'server-timing': 'a;dur=1' }))).toBe('a;dur=1')
  expect(serverTimingOf({ 'server-timing': 'a;dur=1' })).toBe('a;dur=1')
  expect(serverTimingOf({ 'server-timing': ['a;dur=1', 'b;dur=2'] })).toBe('a;dur=1, b;dur=2')
  expect(serverTimingOf({ other: 'x' })).toBeNull()
  expect(serverTimingOf(new Headers())).toBeNull()
})

it.each(['a\r\nset-cookie: x=1', 'a\u4E2D', 'a\u0001b', 'x'.repeat(1_025)])(
  'takes nothing that no header should hold: %j',
  (value) => {
    expect(serverTimingOf({ 'server-timing': value })).toBeNull()
  },
)

it('keeps the app’s own metrics', () => {
  expect(mergedTiming('db;dur=3', 'a;dur=1')).toBe('db;dur=3, a;dur=1')
  expect(mergedTiming(['db;dur=3', 'c'], 'a;dur=1')).toBe('db;dur=3, c, a;dur=1')
  expect(mergedTiming(undefined, 'a;dur=1')).toBe('a;dur=1')
})

it('knows how long the gateway took, in one answer or several', () => {
  expect(gatewayMsOf('before;dur=0, headers;dur=80, gateway;dur=120')).toBe(120)
  expect(gatewayMsOf('gateway;dur=120, paceline;desc="a.b.1", gateway;dur=30.5')).toBe(150.5)
  expect(gatewayMsOf('my-gateway;dur=1, gateway;desc="x"')).toBe(0)
})
