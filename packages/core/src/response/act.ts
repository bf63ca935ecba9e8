import type { ServerDirectives, Sets, Shares } from '../directive.ts'
import type { TtfvtBreachPolicy } from '../config/schema.ts'
import type { Incident, ResponseState, RunningLease } from './state.ts'

/** Room is left below for what matters less, and above for what people pin. */
const PRIORITY = 10

/** Directives that nobody has renewed for so long are stale. */
const MAX_AGE_MS = 600_000

/** The share lease of an incident: one for its whole life, so that steps replace each other. */
export const shareLease = (incident: Incident): string => `${incident.id}:shares`
export const noticeLease = (incident: Incident): string => `${incident.id}:notice`

/**
 * How the traffic is moved: the slow one may lead this much of it, and is asked small questions meanwhile.
 *
 * @param passedOver those on the way to the chosen one who can't take over: on a route of strict order they make room, too
 */
export const sharesOf = (
  { route, candidate }: Incident,
  { probeEveryMs }: TtfvtBreachPolicy,
  cap: number,
  passedOver: readonly string[] = [],
): Shares => ({
  [route]: {
    ...Object.fromEntries(passedOver.map((other) => [other, { cap }])),
    [candidate]: { cap, probeEveryMs },
  },
})

/** Sets a lease, in place of one with the same id. */
export function setLease(
  state: ResponseState,
  lease: { id: string; incident: string; sets: Sets; ms: number; renewed: boolean },
  now: number,
): ResponseState {
  const { id, incident, sets, ms, renewed } = lease
  const running: RunningLease = {
    id,
    incident,
    sets,
    priority: PRIORITY,
    endsAt: now + ms,
    renewMs: renewed ? ms : null,
  }
  return reissue({ ...state, leases: [...state.leases.filter((one) => one.id !== id), running] }, now)
}

export function endLease(state: ResponseState, id: string, now: number): ResponseState {
  const leases = state.leases.filter((one) => one.id !== id)
  return leases.length === state.leases.length ? state : reissue({ ...state, leases }, now)
}

/**
 * Renews what is half over, also where nobody could in time, and drops what was meant to run out. Says all of it again
 * before the directives grow stale.
 */
export function keepLeases(state: ResponseState, now: number): ResponseState {
  const running = state.leases.filter(({ endsAt, renewMs }) => renewMs !== null || endsAt > now)
  const leases = running.map((lease) =>
    lease.renewMs !== null && now >= renewalOf(lease) ? { ...lease, endsAt: now + lease.renewMs } : lease,
  )
  const changed =
    leases.length < state.leases.length || leases.some((lease, index) => lease !== running[index])
  return changed || now >= state.issuedAt + MAX_AGE_MS / 2 ? reissue({ ...state, leases }, now) : state
}

/** When the leases want to be looked at again. */
export const leasesDueAt = ({ leases, issuedAt }: ResponseState): number =>
  Math.min(
    issuedAt + MAX_AGE_MS / 2,
    ...leases.map((lease) => (lease.renewMs === null ? lease.endsAt : renewalOf(lease))),
  )

const renewalOf = ({ endsAt, renewMs }: RunningLease): number => endsAt - (renewMs ?? 0) / 2

const reissue = (state: ResponseState, now: number): ResponseState => ({
  ...state,
  version: state.version + 1,
  issuedAt: now,
})

/** The document as it would be issued at this moment. */
export function directivesOf(state: ResponseState, now: number): ServerDirectives {
  return {
    epoch: state.epoch,
    version: state.version,
    issuedAt: now,
    maxAgeMs: Math.max(0, state.issuedAt + MAX_AGE_MS - now),
    base: { mode: 'normal', shares: {}, features: {}, notices: [], sampling: 1, sdk: true },
    leases: state.leases.flatMap(({ id, incident, priority, sets, endsAt }) =>
      endsAt > now ? [{ id, incident, priority, sets, ttlMs: endsAt - now }] : [],
    ),
  }
}
