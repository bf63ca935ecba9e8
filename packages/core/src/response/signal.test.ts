import { expect, it } from 'vitest'
import { parseConfig } from '../config/define-config.ts'
import { emptySummary, mergeSummaries, summaryOf } from '../summary.ts'
import type { Observation } from './observation.ts'
import { recordObservation } from './signal.ts'
import { NEW_SIGNAL } from './state.ts'

const { playbooks } = parseConfig({
  providers: { any: { wire: 'openai', baseUrl: 'https://example.com/v1' } },
  models: { any: { provider: 'any', model: 'any' } },
  routes: { chat: { candidates: ['any'] } },
  keys: { app: { secretFrom: 'APP_KEY' } },
})
const policy = playbooks['ttfvt-breach']

const seen = (origin: Observation['origin'], ...times: readonly number[]): Observation => ({
  origin,
  route: 'chat',
  candidate: 'a',
  directives: 0,
  summary: times.map((ms) => summaryOf(ms, ms > 800)).reduce(mergeSummaries, emptySummary),
})

/** Reads observations in order, and says what the last one gave reason to think. */
function read(...observations: readonly Observation[]): { suspicion: string; signal: typeof NEW_SIGNAL } {
  let [signal, suspicion] = [NEW_SIGNAL, 'none']
  for (const one of observations)
    ({ signal, suspicion } = recordObservation(signal, one, policy, 1_000, false))
  return { signal, suspicion }
}
const times = <T>(count: number, ...items: readonly T[]): T[] =>
  Array.from({ length: count }, () => items).flat()

it('proves a fault that users have, however well small questions are answered meanwhile', () => {
  const pings = times(5, seen('probe', 200))
  expect(read(...times(7, ...pings, seen('gateway', 2_000))).suspicion).toBe('proof')
})

it('proves a fault by small questions that are late where no user is left to have it', () => {
  expect(read(...times(3, seen('gateway', 2_000)), ...times(4, seen('probe', 2_000))).suspicion).toBe('proof')
})

it('knows by a small question that a provider is well again, without taking back what users saw', () => {
  const { signal } = read(...times(3, seen('gateway', 2_000)), seen('probe', 200))
  expect(signal).toMatchObject({ lastLate: false, edge: { consecutive: { run: 3 } } })
})

it('takes no page’s word against a provider that the gateway sees in time, but for the usual few', () => {
  const usual = [...times(19, seen('gateway', 300)), seen('gateway', 900)]
  expect(read(...times(20, ...usual, seen('browser', 1_200))).suspicion).toBe('none')
})

it('takes the word of pages where the gateway has seen something, too', () => {
  const pages = times(3, seen('browser', 2_100))
  expect(read(...times(2, seen('gateway', 2_000)), ...pages).suspicion).toBe('suspicion')
})
