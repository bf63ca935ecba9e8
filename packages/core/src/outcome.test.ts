import { describe, expect, it } from 'vitest'
import { creditOf, nextStepAfter, type FailureKind, type NextStep } from './outcome.ts'

const step = (kind: FailureKind, status?: number): NextStep =>
  nextStepAfter({ kind, phase: 'headers', message: '', ...(status === undefined ? {} : { status }) })

describe('the next step after a failure', () => {
  it('is the same candidate once after a 500, and another after any other server error', () => {
    expect(step('server-error', 500)).toBe('same-once')
    expect([502, 504, 520, undefined].map((status) => step('server-error', status))).toEqual(
      Array.from({ length: 4 }, () => 'move-on'),
    )
  })

  it.each([
    'unreachable',
    'timeout',
    'rate-limited',
    'overloaded',
    'truncated',
    'malformed',
    'unauthorized',
    'misconfigured',
  ] as const)('is another candidate after %s', (kind) => {
    expect(step(kind)).toBe('move-on')
    expect(creditOf(kind)).toBe('failure')
  })

  it('is a larger model after a prompt that was too long, which counts against nobody', () => {
    expect(step('context-length')).toBe('larger-model')
    expect(creditOf('context-length')).toBe('ignore')
  })

  it('is another candidate after being turned away, which counts against nobody', () => {
    expect(step('turned-away', 403)).toBe('move-on')
    expect(creditOf('turned-away')).toBe('ignore')
  })

  it.each(['content-policy', 'invalid-request', 'client-left', 'deadline'] as const)(
    'is the caller after %s',
    (kind) => {
      expect(step(kind)).toBe('tell-caller')
      expect(creditOf(kind)).toBe('ignore')
    },
  )
})
