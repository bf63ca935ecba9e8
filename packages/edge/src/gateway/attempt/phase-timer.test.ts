import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PhaseTimer } from './phase-timer.ts'

beforeEach(() => void vi.useFakeTimers({ now: 0 }))
afterEach(() => void vi.useRealTimers())

/** The phase that ran out, or null while none has. */
function expired(timer: PhaseTimer): string | null {
  const { reason } = timer
  expect(timer.signal.aborted).toBe(reason !== null)
  return reason?.kind === 'expired' ? reason.phase : null
}

describe('a phase timer', () => {
  it('aborts with the phase that ran out, at its instant and not before', () => {
    const timer = new PhaseTimer(10_000)
    timer.arm('headers', 100)
    vi.advanceTimersByTime(99)
    expect(timer.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(expired(timer)).toBe('headers')
    // No Error, which would hold the frames that it was made in.
    expect(timer.signal.reason).toEqual({ kind: 'expired', phase: 'headers', atLast: false })
  })

  it('starts anew with each phase, later or sooner', () => {
    const timer = new PhaseTimer(100_000)
    timer.arm('headers', 100)
    vi.advanceTimersByTime(90)
    timer.arm('first-output', 500)
    vi.advanceTimersByTime(499)
    expect(timer.signal.aborted).toBe(false)
    timer.arm('stream', 50)
    vi.advanceTimersByTime(49)
    expect(timer.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(expired(timer)).toBe('stream')
  })

  it('sets one timer for many outputs', () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    const timer = new PhaseTimer(1_000_000)
    for (let output = 0; output < 1_000; output += 1) timer.arm('stream', 20_000)
    expect(set).toHaveBeenCalledTimes(1)
    set.mockRestore()
    timer.stop()
  })

  it('outlives no last instant, however long its phase', () => {
    const timer = new PhaseTimer(300)
    timer.arm('headers', 10_000)
    vi.advanceTimersByTime(299)
    expect(timer.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(expired(timer)).toBe('headers')
  })

  it('tells the end of a phase from the last instant of all', () => {
    const own = new PhaseTimer(1_000)
    own.arm('headers', 100)
    const last = new PhaseTimer(1_000)
    last.arm('headers', 2_000)
    vi.advanceTimersByTime(1_000)
    expect(own.signal.reason).toMatchObject({ atLast: false })
    expect(last.signal.reason).toMatchObject({ atLast: true })
  })

  it('rests while it is paused', () => {
    const timer = new PhaseTimer(100_000)
    timer.arm('stream', 100)
    vi.advanceTimersByTime(60)
    timer.pause()
    vi.advanceTimersByTime(5_000)
    expect(timer.signal.aborted).toBe(false)
    timer.resume()
    vi.advanceTimersByTime(39)
    expect(timer.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(expired(timer)).toBe('stream')
  })

  it('rests through many short pauses', () => {
    const timer = new PhaseTimer(100_000)
    timer.arm('stream', 100)
    for (let pause = 0; pause < 20; pause += 1) {
      timer.pause()
      vi.advanceTimersByTime(70)
      timer.resume()
      vi.advanceTimersByTime(4)
    }
    expect(timer.signal.aborted).toBe(false)
    vi.advanceTimersByTime(20)
    expect(expired(timer)).toBe('stream')
  })

  it('keeps its last instant even while it is paused', () => {
    const timer = new PhaseTimer(1_000)
    timer.arm('stream', 100)
    timer.pause()
    vi.advanceTimersByTime(999)
    expect(timer.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(expired(timer)).toBe('stream')
  })

  it('is exact again after a pause that outlasted its phase', () => {
    const timer = new PhaseTimer(100_000)
    timer.arm('stream', 100)
    timer.pause()
    vi.advanceTimersByTime(500)
    timer.resume()
    vi.advanceTimersByTime(99)
    expect(timer.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(expired(timer)).toBe('stream')
  })

  it('aborts nothing once it is stopped, and leaves no timer behind', () => {
    const timer = new PhaseTimer(1_000)
    timer.arm('headers', 100)
    timer.stop()
    vi.advanceTimersByTime(10_000)
    expect(timer.signal.aborted).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('leaves no timer behind when it is stopped during a pause', () => {
    const timer = new PhaseTimer(1_000_000)
    timer.arm('stream', 100)
    timer.pause()
    timer.stop()
    timer.resume()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('leaves no timer behind when it is aborted, and keeps the first reason', () => {
    const timer = new PhaseTimer(1_000)
    timer.arm('headers', 100)
    timer.abort({ kind: 'client-left' })
    timer.abort({ kind: 'over' })
    expect(timer.reason).toEqual({ kind: 'client-left' })
    expect(timer.signal.reason).toBe(timer.reason)
    expect(vi.getTimerCount()).toBe(0)
  })
})
