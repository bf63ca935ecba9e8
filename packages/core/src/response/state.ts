import type { TtfvtBreachPolicy } from '../config/schema.ts'
import type { Sets } from '../directive.ts'
import { emptySummary, type Summary } from '../summary.ts'
import { NO_RUN, type Consecutive } from './detect/consecutive.ts'
import { NO_DRIFT, type Drift } from './detect/drift.ts'
import type { Expectation } from './expectation.ts'
import type { PersonReason } from './person-reason.ts'

/** Everything that the response remembers, as plain data: what the journal's inputs come to. Instants are epoch ms. */
export interface ResponseState {
  /** What is to be watched, and how; null until it was first told. */
  readonly settings: Settings | null
  /** Of the coordinator: another one for each time that it begins without a past. */
  readonly epoch: number
  /** Version of the directives; grows whenever what they say changes, and when they are due to be said again. */
  readonly version: number
  readonly issuedAt: number
  readonly leases: readonly RunningLease[]
  /** By `keyOf(route, candidate)`. */
  readonly signals: Readonly<Record<string, Signal>>
  /** Health's own share of each candidate. */
  readonly shares: Readonly<Record<string, number>>
  /** The open ones by id. */
  readonly incidents: Readonly<Record<string, Incident>>
  readonly incidentsSoFar: number
  /** What came of actions so far, by `patternOf`. */
  readonly outcomes: Readonly<Record<string, Tally>>
  /** The last sequence heard of each writer, so that a report that comes twice counts once. */
  readonly heard: Readonly<Record<string, number>>
}

/** What the response needs to know of the configuration. */
export interface Settings {
  /** Of the settings themselves: outcomes that were had under other settings prove nothing for these. */
  readonly hash: string
  readonly routes: Readonly<Record<string, WatchedRoute>>
  readonly playbooks: { readonly 'ttfvt-breach': TtfvtBreachPolicy }
}

export interface WatchedRoute {
  /** In their configured order; only those that have what they need to take part. */
  readonly candidates: readonly string[]
  readonly order: 'share' | 'strict'
  /** When a first token of each counts as late, in ms. */
  readonly targetsMs: Readonly<Record<string, number>>
}

export interface RunningLease {
  readonly id: string
  readonly incident: string
  readonly priority: number
  readonly sets: Sets
  readonly endsAt: number
  /** How much longer each renewal makes it; null for one that is meant to run out. */
  readonly renewMs: number | null
}

/** What is known of one candidate on one route. */
export interface Signal {
  /** What the gateway saw, and what browsers saw, each by itself: they are slow for different reasons. */
  readonly edge: Detectors
  readonly browser: Detectors
  /** The newest times first seen by the gateway or a probe: judged afresh for each question. */
  readonly lastAt: number
  readonly lastLate: boolean
  /** A moving average of times, in ms. */
  readonly averageMs: number
  /** How it is when nothing is wrong, of late; the older half fades. */
  readonly usual: Summary
}

export interface Detectors {
  readonly consecutive: Consecutive
  readonly drift: Drift
}

export const QUIET: Detectors = { consecutive: NO_RUN, drift: NO_DRIFT }

export const NEW_SIGNAL: Signal = {
  edge: QUIET,
  browser: QUIET,
  lastAt: 0,
  lastLate: false,
  averageMs: 0,
  usual: emptySummary,
}

/** A fault from its first suspicion to what was learnt of it. */
export interface Incident {
  readonly id: string
  readonly playbook: 'ttfvt-breach'
  readonly route: string
  readonly candidate: string
  readonly suspectedAt: number
  /** When it was proven, and so announced; null while it is only a suspicion. */
  readonly provenAt: number | null
  readonly phase: Phase
  /** When users were well again; null as long as they aren't. */
  readonly restoredAt: number | null
  /** What has been tried, in order. */
  readonly attempts: readonly ActionAttempt[]
  /** Late answers since it was suspected: those who were hurt. */
  readonly lateAnswers: number
  /** How many times its traffic came back and had to leave again. */
  readonly relapses: number
  /** The last word to people, so that nobody is told the same twice. */
  readonly told: 'nothing' | 'opened' | 'needs-person' | 'taken-over'
}

export type Phase =
  /** Nothing that may be done by itself could help; people know. */
  | {
      readonly kind: 'waiting-for-person'
      readonly seen: Summary
      readonly reasons: readonly PersonReason[]
      /** Who keeps the traffic meanwhile: late, too, and still faster than the one that it was taken from. */
      readonly keeper: string | null
    }
  /** Half of the traffic has moved, to somebody of whom nothing recent is known. */
  | { readonly kind: 'moving'; readonly untilAt: number }
  /** All of it has moved: is it better? */
  | {
      readonly kind: 'verifying'
      readonly untilAt: number
      readonly seen: Summary
      /** Whether enough requests were seen once that were not well. */
      readonly wanting: boolean
    }
  /** It is better, or can't be told; the provider that was left is asked small questions until it is well. */
  | { readonly kind: 'holding'; readonly goodInARow: number }
  /** Its traffic comes back by steps. */
  | {
      readonly kind: 'failing-back'
      readonly step: number
      readonly untilAt: number
      readonly seen: Summary
    }

export interface ActionAttempt {
  readonly action: 'switch-provider'
  /** Who takes over. */
  readonly to: string
  /** Those who make room for it on the way there. */
  readonly passedOver: readonly string[]
  readonly actedAt: number
  /** Version of the first directives that say so: what is routed by these or later ones shows what came of it. */
  readonly version: number
  readonly expectation: Expectation
  /** What it is remembered under: the settings under which it was tried. */
  readonly pattern: string
  readonly result: 'pending' | 'restored' | 'not-restored' | 'unknown'
  /** When that was found out; null as long as it wasn't. */
  readonly judgedAt: number | null
}

/** Successes and failures of an action under a pattern, without any prior; they fade, so they needn't be whole. */
export interface Tally {
  readonly successes: number
  readonly failures: number
  /** The instant that they hold for. */
  readonly at: number
}

/**
 * To be raised when a change of the reducer or of its state makes older snapshots or inputs mean something else: a
 * coordinator then begins anew, under a new epoch, rather than with a past that never was.
 */
export const STATE_VERSION = 1

export const INITIAL_STATE: ResponseState = {
  settings: null,
  epoch: 0,
  version: 0,
  issuedAt: 0,
  leases: [],
  signals: {},
  shares: {},
  incidents: {},
  incidentsSoFar: 0,
  outcomes: {},
  heard: {},
}

/** Names can't hold a space, so the two can't run into each other. */
export const keyOf = (route: string, candidate: string): string => `${route} ${candidate}`

/** What is watched on a route. Names come from reports, where one may be called 'constructor'. */
export const watchedOf = ({ settings }: ResponseState, route: string): WatchedRoute | undefined =>
  settings !== null && Object.hasOwn(settings.routes, route) ? settings.routes[route] : undefined

export const signalOf = ({ signals }: ResponseState, route: string, candidate: string): Signal =>
  signals[keyOf(route, candidate)] ?? NEW_SIGNAL

/** @throws where nothing is being watched: then there are no incidents, and nobody asks */
export function policyOf({ settings }: ResponseState): TtfvtBreachPolicy {
  if (settings === null) throw new Error('an incident is open although nothing is being watched')
  return settings.playbooks['ttfvt-breach']
}

export const incidentOn = (state: ResponseState, route: string, candidate: string): Incident | undefined =>
  Object.values(state.incidents).find((one) => one.route === route && one.candidate === candidate)
