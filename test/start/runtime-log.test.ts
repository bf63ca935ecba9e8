import { expect, it } from 'vitest'
import { isRuntimeNoise } from '../../scripts/local/runtime-log.ts'

it.each([
  'e = rust/worker/ffi.rs:104: failed: failed to lookup address information: Name or service not known\nstack: /bin/workerd@2b5edc0; sentryErrorContext = jsgInternalError; wdErrId = u2057ij24n',
  'kj/async-io-unix.c++:186: disconnected: connect(): Connection refused',
  'workerd/io/worker.c++:1922: info: console warning; message() = x',
  'NOSENTRY SQLite alarm handler canceled with requestScheduledAlarm.; scheduledTime = 1795367105.674s',
])('keeps workerd’s talk of its own source out of the terminal: %s', (message) => {
  expect(isRuntimeNoise(message)).toBe(true)
})

it.each([
  '{"event":"provider.refused","provider":"openai","status":401}',
  'Uncaught TypeError: x is not a function\n    at worker.mjs:12:3',
  '*** Fatal uncaught kj::Exception: kj/table.c++:49: failed: inserted row already exists',
  'at the gateway: app.ts:10',
])('shows what the Worker says, and what ends it: %s', (message) => {
  expect(isRuntimeNoise(message)).toBe(false)
})
