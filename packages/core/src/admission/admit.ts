import type { Mode } from '../directive.ts'
import { CEILINGS, roomFor } from './ceilings.ts'
import type { ShedCause } from './come-back.ts'
import { CRITICALITIES, type Criticality } from './criticality.ts'

/** What a gateway knows of the pressure on one route. */
export interface Pressure {
  /** Requests that are being worked on. */
  readonly inFlight: number
  /** How many it can bear, as learnt. */
  readonly limit: number
  /** How far the whole app has stepped back. */
  readonly mode: Mode
  /** Whether health permits any candidate of the route. */
  readonly permitted: boolean
}

export interface Applicant {
  readonly criticality: Criticality
  /** Whether it is a later turn of an agent run of which an earlier one was admitted. */
  readonly started: boolean
}

/** `no-provider`: nobody is well who could answer, and the few attempts that are left go to the more urgent. */
export type ShedReason = ShedCause | 'no-provider'

/** The least class that each mode still admits. */
const LEAST_IN: Readonly<Record<Mode, Criticality>> = {
  normal: 'bulk',
  conserving: 'bulk',
  degraded: 'background',
  essential: 'interactive',
  emergency: 'critical',
}
const LEAST_WITHOUT_PROVIDER: Criticality = 'interactive'

/**
 * What was spent on a run is lost with any of its turns. So started runs may fill what nobody else may, and requests
 * that start something can never push one out.
 */
const STARTED_CEILING = 1.2

/**
 * Whether a request is worked on: null where it is, else why it is not. It holds at each moment, whatever came before:
 * - of two requests that have started nothing, the less critical one is never admitted where the other is not;
 * - a started run is never turned away where any request is admitted that has started nothing.
 */
export function admit(
  { inFlight, limit, mode, permitted }: Pressure,
  applicant: Applicant,
): ShedReason | null {
  const { criticality, started } = applicant
  if (!started && isLess(criticality, LEAST_IN[mode])) return 'not-essential'
  if (!started && !permitted && isLess(criticality, LEAST_WITHOUT_PROVIDER)) return 'no-provider'
  const room = roomFor(started ? STARTED_CEILING : CEILINGS[criticality], limit)
  return inFlight + 1 > room ? 'overloaded' : null
}

const isLess = (one: Criticality, other: Criticality): boolean =>
  CRITICALITIES.indexOf(one) > CRITICALITIES.indexOf(other)
