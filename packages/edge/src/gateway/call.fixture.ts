import type { Call } from './call.ts'
import { openAiWire } from './wire/openai/wire.ts'

/** A call for tests that only care for some of it. */
export const callFixture = (given: Pick<Call, 'route' | 'request'> & Partial<Call>): Call => ({
  id: 'c',
  wire: openAiWire,
  passHeaders: {},
  startedAt: Date.now(),
  maxAttempts: 4,
  deadlineAt: Date.now() + 300_000,
  signal: new AbortController().signal,
  promptSize: 0,
  origin: 'gateway',
  criticality: 'interactive',
  directives: 0,
  attempts: [],
  mayHedge: true,
  acceptsRestart: false,
  trickle: false,
  reserve: new Set(),
  report: () => undefined,
  ...given,
})
