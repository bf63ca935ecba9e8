import { keyOf, policyOf, signalOf, watchedOf, type Incident, type ResponseState } from './state.ts'

/** What is the case: the facts that every later stage goes by. */
export interface Analysis {
  readonly stage: 'analysis'
  readonly incident: string
  readonly playbook: string
  readonly route: string
  readonly candidate: string
  /** `suspicion` allows what can be taken back at once; `proof` allows to announce it. */
  readonly certainty: 'suspicion' | 'proof'
  /** Late first tokens in a row, as the gateway saw them and as browsers did. */
  readonly lateInARow: { readonly edge: number; readonly browser: number }
  /** Natural logarithm of the odds for a fault. */
  readonly score: number
  /** Of late, in ms. */
  readonly averageMs: number
  readonly others: readonly { readonly candidate: string; readonly state: OtherState }[]
}

/** How another candidate of the route does. */
export type OtherState = 'fresh' | 'stale' | 'late' | 'out' | 'in-trouble'

export function analyze(state: ResponseState, incident: Incident, now: number): Analysis {
  const { route, candidate } = incident
  const { edge, browser, averageMs } = signalOf(state, route, candidate)
  return {
    stage: 'analysis',
    incident: incident.id,
    playbook: incident.playbook,
    route,
    candidate,
    certainty: incident.provenAt === null ? 'suspicion' : 'proof',
    lateInARow: { edge: edge.consecutive.run, browser: browser.consecutive.run },
    score: edge.drift.score,
    averageMs: Math.round(averageMs),
    others: others(state, incident, now),
  }
}

function others(state: ResponseState, { route, candidate, id }: Incident, now: number): Analysis['others'] {
  const candidates = watchedOf(state, route)?.candidates ?? []
  return candidates
    .filter((other) => other !== candidate)
    .map((other) => ({ candidate: other, state: stateOf(state, route, other, id, now) }))
}

function stateOf(
  state: ResponseState,
  route: string,
  candidate: string,
  incident: string,
  now: number,
): OtherState {
  if ((state.shares[candidate] ?? 1) === 0) return 'out'
  const inTrouble = Object.values(state.incidents).some(
    (one) => one.id !== incident && one.candidate === candidate,
  )
  if (inTrouble) return 'in-trouble'
  const signal = state.signals[keyOf(route, candidate)]
  if (signal === undefined || now - signal.lastAt > policyOf(state).freshMs) return 'stale'
  return signal.lastLate ? 'late' : 'fresh'
}
