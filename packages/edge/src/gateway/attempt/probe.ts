import type { FailureKind } from '@paceline/core'
import { beginAttempt, type Answer, type Attempt, type Call, type Service } from '../call.ts'
import type { Candidate } from '../candidate.ts'
import type { Route } from '../setup.ts'
import { parseOpenAiRequest } from '../wire/openai/request.ts'
import { openAiWire } from '../wire/openai/wire.ts'

const QUESTION = {
  model: 'probe',
  stream: true,
  max_tokens: 16,
  messages: [{ role: 'user', content: 'ping' }],
}

/**
 * Asks a candidate whose breaker is open one small question of our own, so that no user waits for it and no user's
 * words are sent twice. The service around the attempt reports how it went.
 *
 * @returns whether the provider answered by refusing the question, which no report counts
 */
export async function probe(
  candidate: Candidate,
  route: Route,
  directives: number,
  service: Service<Attempt, Answer>,
): Promise<boolean> {
  const request = parseOpenAiRequest(QUESTION)
  if (!request.ok) throw new Error(request.bad.message)
  const now = Date.now()
  const call: Call = {
    id: crypto.randomUUID(),
    route,
    wire: openAiWire,
    request: request.value,
    promptSize: 0,
    origin: 'probe',
    criticality: 'bulk',
    directives,
    passHeaders: {},
    startedAt: now,
    maxAttempts: 1,
    deadlineAt: now + PROBE_MS,
    signal: new AbortController().signal,
    attempts: [],
    mayHedge: false,
    acceptsRestart: false,
    trickle: false,
    reserve: new Set(),
    report: () => undefined,
  }
  const outcome = await service(beginAttempt(candidate, call, 'probe'), call)
  if (!outcome.ok) return REFUSALS.has(outcome.failure.kind)
  if (outcome.value.kind === 'whole') return false
  // Read to its end: only a whole answer proves a provider well.
  const { events } = outcome.value
  for (let step = await events.next(); step.done !== true;) step = await events.next()
  return false
}

/** Shorter than the lease, so that a slow probe is over before the next one goes out. */
const PROBE_MS = 10_000

const REFUSALS = new Set<FailureKind>(['invalid-request', 'content-policy', 'context-length', 'turned-away'])
