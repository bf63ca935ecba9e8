import { describe, expect, it } from 'vitest'
import { DEAD_MS, FlightBoard, isRead, type Flight } from './flight.ts'

const LIMITS = { bytes: 40_000, isolateBytes: 65_536 }

describe('answers under way', () => {
  it('can be joined under their key until they are over', () => {
    const board = new FlightBoard()
    const flight = board.open('a', 100)
    expect(board.current('a', 0, 100)).toBe(flight)
    expect(board.current('b', 0, 100)).toBeNull()
    flight.state = 'speaking'
    expect(board.current('a', 0, 100)).toBe(flight)
    for (const state of ['landed', 'failed', 'broken'] as const) {
      flight.state = state
      expect(board.current('a', 0, 100)).toBeNull()
    }
  })

  it('can’t be joined once they are closed; that of the next leader can', () => {
    const board = new FlightBoard()
    const first = board.open('a', 100)
    board.close('a', first)
    expect(board.current('a', 0, 100)).toBeNull()
    const second = board.open('a', 100)
    board.close('a', first)
    expect(board.current('a', 0, 100)).toBe(second)
  })

  it('can’t be joined when they were asked for before a purge', () => {
    const board = new FlightBoard()
    const flight = board.open('a', 100)
    expect(board.current('a', 99, 100)).toBe(flight)
    expect(board.current('a', 100, 101)).toBeNull()
  })

  it('can’t be joined when their leader gives no sign of life', () => {
    const board = new FlightBoard()
    const flight = board.open('a', 100)
    expect(board.current('a', 0, 100 + DEAD_MS - 1)).toBe(flight)
    expect(board.current('a', 0, 100 + DEAD_MS)).toBeNull()
    flight.beatAt = 200
    expect(board.current('a', 0, 100 + DEAD_MS)).toBe(flight)
  })

  it('can’t be joined where they have no key', () => {
    const board = new FlightBoard()
    board.close(null, board.open(null, 100))
    expect(board.current('null', 0, 100)).toBeNull()
  })

  it('are read by whoever has looked lately and has not left', () => {
    const flight = new FlightBoard().open('a', 0)
    expect(isRead(flight, 10)).toBe(false)
    flight.readers.set('one', 20)
    expect([isRead(flight, 19), isRead(flight, 20)]).toEqual([true, false])
  })
})

describe('the memory of answers under way', () => {
  it('has a limit for each', () => {
    const board = new FlightBoard(LIMITS)
    const flight = board.open('a', 0)
    expect(board.grow(flight, 40_000, 0)).toBe(true)
    expect(board.grow(flight, 1, 0)).toBe(false)
  })

  it('is given back from the beginning when an answer outgrows its limit', () => {
    const board = new FlightBoard(LIMITS)
    const flight = board.open('a', 0)
    const events = Array.from({ length: 100 }, (_, index) => `t${index}`.padEnd(1_000, 'x'))
    for (const event of events) expect(board.write(flight, event, 0)).toBe(true)
    expect(flight.bytes).toBeLessThanOrEqual(LIMITS.bytes)
    expect(flight.events).toEqual(events.slice(flight.dropped))
    expect(flight.dropped).toBeGreaterThan(0)
    expect(board.current('a', 0, 0)).toBeNull()
  })

  it('is not taken where the isolate has none', () => {
    const board = new FlightBoard({ bytes: 40_000, isolateBytes: 1_000 })
    expect(board.write(board.open('a', 0), 'tone', 0)).toBe(false)
  })

  it('has a limit for all together, and what is over makes room again', () => {
    const board = new FlightBoard(LIMITS)
    const fill = (now: number): Flight[] => ['a', 'b', 'c', 'd'].map((key) => board.open(key, now))
    for (const flight of fill(0)) expect(board.grow(flight, 16_000, 0)).toBe(true)
    expect(board.grow(board.open('e', 0), 1, 0)).toBe(false)
    // None of them was ever given back: their leaders have vanished.
    for (const flight of fill(DEAD_MS)) expect(board.grow(flight, 16_000, DEAD_MS)).toBe(true)
  })

  it('counts for as long as somebody reads', () => {
    const board = new FlightBoard(LIMITS)
    for (const key of ['a', 'b', 'c', 'd']) {
      const flight = board.open(key, 0)
      board.grow(flight, 16_000, 0)
      flight.heldUntil = 10_000
    }
    expect(board.grow(board.open('e', 9_999), 1, 9_999)).toBe(false)
    expect(board.grow(board.open('f', 10_000), 1, 10_000)).toBe(true)
  })
})
