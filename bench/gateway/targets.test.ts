import { describe, expect, it } from 'vitest'
import type { Name } from './load/contestant.ts'
import { resultOf } from './result.ts'
import { added, figuresOf, meets, meetsAll, ratio, type Measured } from './targets.ts'

const round = (rates: Partial<Record<Name, { perSecond: number; perCpuSecond: number | null }>>) =>
  new Map(Object.entries(rates).map(([name, rate]) => [name as Name, { ...rate, busy: 1 }] as const))

const nothing: Measured = { json: null, streams: null, firstOutputs: null, brownOut: null, memory: null }

describe('ratio', () => {
  it('compares by processor time, so that a busy machine takes from nobody', () => {
    const rounds = [
      round({
        paceline: { perSecond: 10, perCpuSecond: 80 },
        'pass-through': { perSecond: 100, perCpuSecond: 100 },
      }),
    ]
    expect(ratio(rounds, 'paceline', 'pass-through').value).toBe(0.8)
  })

  it('compares by the clock where processor time can not be seen', () => {
    const rounds = [
      round({
        paceline: { perSecond: 60, perCpuSecond: null },
        'pass-through': { perSecond: 100, perCpuSecond: 100 },
      }),
    ]
    expect(ratio(rounds, 'paceline', 'pass-through').value).toBe(0.6)
  })

  it('is the median over the rounds, with the least and the most', () => {
    const rounds = [3, 1, 2].map((perCpuSecond) =>
      round({ paceline: { perSecond: 1, perCpuSecond }, portkey: { perSecond: 1, perCpuSecond: 1 } }),
    )
    expect(ratio(rounds, 'paceline', 'portkey')).toEqual({ value: 2, least: 1, most: 3 })
  })
})

describe('added', () => {
  it('is the difference of quantiles to direct, over all rounds together', () => {
    const rounds = [
      new Map<Name, number[]>([
        ['direct', [50, 51]],
        ['paceline', [51, 53]],
      ]),
      new Map<Name, number[]>([
        ['direct', [50, 50]],
        ['paceline', [54, 54]],
      ]),
    ]
    expect(added(rounds, 'paceline', 0.5)).toEqual({ value: 3, least: 1, most: 4 })
  })
})

describe('targets', () => {
  it.each([
    ['jsonToPassThrough', 0.7, true],
    ['jsonToPassThrough', 0.699, false],
    ['addedP99Ms', 5, true],
    ['addedP99Ms', 5.1, false],
    ['brownOutP99', Infinity, false],
    ['brownOutP99', Number.NaN, false],
  ] as const)('%s of %d: %s', (target, value, met) => {
    expect(meets(target, value)).toBe(met)
  })

  it('are only those of what was measured', () => {
    expect(figuresOf(nothing)).toEqual({})
    expect(meetsAll(nothing)).toBe(true)
  })

  it('fail a run as soon as one is missed', () => {
    const brownOut = {
      healthyP99Ms: 60,
      brownOutP99Ms: 70,
      requests: 1_200,
      extraCallShare: 0.2,
      incomplete: 0,
    }
    expect(meetsAll({ ...nothing, brownOut })).toBe(false)
    expect(meetsAll({ ...nothing, brownOut: { ...brownOut, extraCallShare: 0.05 } })).toBe(true)
  })

  it('fail a run in which an answer was not complete', () => {
    const brownOut = {
      healthyP99Ms: 60,
      brownOutP99Ms: 70,
      requests: 1_200,
      extraCallShare: 0,
      incomplete: 1,
    }
    expect(meetsAll({ ...nothing, brownOut })).toBe(false)
  })
})

describe('resultOf', () => {
  it('holds what was measured, by its documented names', () => {
    const json = [1, 2].map((perCpuSecond) =>
      round({
        paceline: { perSecond: 1, perCpuSecond },
        'pass-through': { perSecond: 1, perCpuSecond: 2 },
        portkey: { perSecond: 1, perCpuSecond: 1 },
      }),
    )
    const firstOutputs = [
      new Map<Name, number[]>([
        ['direct', [50]],
        ['paceline', [50.5]],
      ]),
    ]
    expect(resultOf({ ...nothing, json, firstOutputs }, 2)).toEqual({
      ratios: { jsonToPassThrough: 0.75, jsonToPortkey: 1.5 },
      addedFirstOutputMs: { p50: 0.5, p99: 0.5 },
      rounds: 2,
      spread: { jsonToPassThrough: { least: 0.5, most: 1 }, jsonToPortkey: { least: 1, most: 2 } },
    })
  })
})
