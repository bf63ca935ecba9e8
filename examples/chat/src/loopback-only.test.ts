import { expect, it } from 'vitest'
import { isLoopbackHost } from './loopback-only.ts'

it.each(['127.0.0.1', '127.0.0.1:3000', 'localhost:3000', 'LOCALHOST', '[::1]:3000'])(
  'takes the host %s',
  (host) => {
    expect(isLoopbackHost(host)).toBe(true)
  },
)

it.each([
  undefined,
  '',
  'evil.example',
  'localhost.evil.example:3000',
  '127.0.0.1.evil.example',
  '10.0.0.1:3000',
])('refuses the host %s', (host) => {
  expect(isLoopbackHost(host)).toBe(false)
})
