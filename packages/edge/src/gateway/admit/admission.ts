import {
  admit,
  CRITICALITY_HEADER,
  lowered,
  shareFor,
  type Criticality,
  type LimitBounds,
  type Mode,
  type ShareSnapshot,
} from '@paceline/core'
import { log } from '../../log.ts'
import type { AttemptRecord } from '../call.ts'
import type { Problem } from '../problem.ts'
import type { AppKey, Route } from '../setup.ts'
import { Allowances, type QuotaHost } from './allowances.ts'
import { shedProblem } from './refusal.ts'
import { RefusalCounts } from './refusal-counts.ts'
import { RouteLoad } from './route-load.ts'
import { StartedRuns, turnOf } from './started-runs.ts'

/** A request that asks to be worked on. */
export interface Applicant {
  readonly headers: Headers
  readonly key: AppKey
  readonly route: Route
}

/** What is known of the world beyond this isolate. */
export interface Outlook {
  readonly shares: ShareSnapshot
  readonly mode: Mode
  /** Whether a stored answer may stand in where nobody is well. */
  readonly hasStandIn: boolean
}

/** A request that is being worked on. */
export interface Admitted {
  readonly criticality: Criticality
  /** Learns from the attempts how much the route can bear. */
  learnFrom(attempts: readonly Pick<AttemptRecord, 'startedAt' | 'firstOutputAt'>[]): void
  /** It is over. Any number of calls is right, and none as well: then its deadline ends it. */
  over(): void
}

interface Surroundings {
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  readonly random: () => number
}

/**
 * Decides whether a request is worked on: under pressure the least important go first (503), and nobody gets more
 * than key and tier allow (429).
 */
export class Admission {
  readonly #surroundings: Surroundings
  readonly #allowances: Allowances
  readonly #runs = new StartedRuns()
  readonly #loads = new Map<string, RouteLoad>()
  readonly #refusals = new RefusalCounts((count) => log('admission.refused', { ...count }))

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
    this.#allowances = new Allowances(surroundings)
  }

  async admit(
    applicant: Applicant,
    bounds: LimitBounds,
    outlook: Outlook,
    host: QuotaHost,
  ): Promise<Admitted | Problem> {
    const { now, random } = this.#surroundings
    const { headers, key, route } = applicant
    const at = now()
    const criticality = criticalityOf(applicant)
    const turn = turnOf(key.name, headers)
    const load = this.#loadOf(route, bounds)
    const refuse = (problem: Problem): Problem => {
      this.#refusals.note(criticality, problem.code, at)
      this.#refusals.tellIfDue(at)
      return problem
    }
    const pressure = {
      inFlight: load.inFlight.count(at),
      limit: load.limit,
      mode: outlook.mode,
      permitted: outlook.hasStandIn || isPermitted(route, outlook.shares),
    }
    const started = turn !== null && this.#runs.isStarted(turn, at)
    const reason = admit(pressure, { criticality, started })
    if (reason !== null) return refuse(shedProblem(reason, criticality, random()))

    const endsAt = at + route.timers.totalMs
    // Before anything is waited for, or those who come meanwhile would take the same place.
    const leave = load.inFlight.enter(endsAt)
    const problem = await this.#allowances.take(key.allowances, host)
    if (problem !== null) {
      leave()
      return refuse(problem)
    }
    this.#refusals.tellIfDue(at)
    const endTurn = turn === null ? null : this.#runs.enter(turn, endsAt, at)
    return {
      criticality,
      learnFrom: (attempts) => {
        const spoke = attempts.findLast(({ firstOutputAt }) => firstOutputAt !== null)
        if (spoke !== undefined) load.spoke((spoke.firstOutputAt ?? 0) - spoke.startedAt, now())
      },
      over: () => {
        leave()
        endTurn?.()
      },
    }
  }

  #loadOf({ name }: Route, bounds: LimitBounds): RouteLoad {
    const known = this.#loads.get(name)
    if (known !== undefined) return known
    const load = new RouteLoad(bounds)
    this.#loads.set(name, load)
    return load
  }
}

/** A route that nobody has set up is no matter of health: its callers are told so. */
const isPermitted = ({ candidates }: Route, shares: ShareSnapshot): boolean =>
  candidates.length === 0 || candidates.some(({ id }) => shareFor(shares, id).share > 0)

/** The lowest class that key, tier and route name, which the caller may lower further. */
function criticalityOf({ headers, key, route }: Applicant): Criticality {
  const [first = 'interactive', ...others] = [
    ...key.criticalities,
    ...(route.criticality === undefined ? [] : [route.criticality]),
  ]
  return [...others, headers.get(CRITICALITY_HEADER)].reduce<Criticality>(lowered, first)
}
