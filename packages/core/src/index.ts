export { ConfigError, type ConfigIssue } from './config/config-error.ts'
export { defineConfig, fieldName, parseConfig } from './config/define-config.ts'
export type {
  Config,
  ConfigInput,
  ModelConfig,
  ProviderConfig,
  RouteConfig,
  WireName,
} from './config/schema.ts'
export {
  inForce,
  isNewer,
  MODES,
  NO_DIRECTIVES,
  publicDirectivesSchema,
  publicForm,
  serverDirectivesSchema,
  VARIANTS,
  type Base,
  type InForce,
  type Lease,
  type Mode,
  type Notice,
  type PublicDirectives,
  type ServerDirectives,
  type Sets,
  type Shares,
  type ShareSet,
  type Variant,
  type Version,
} from './directive.ts'
export {
  eventsAnswerSchema,
  eventSchema,
  maySend,
  type EventOf,
  type EventsAnswer,
  type EventType,
  type PacelineEvent,
  type Sender,
  type Verdict,
} from './event.ts'
export { identifier, tenantName } from './identifier.ts'
export {
  creditOf,
  failed,
  nextStepAfter,
  success,
  type Failure,
  type FailureKind,
  type Outcome,
  type Phase,
} from './outcome.ts'
export { directivesOf } from './response/act.ts'
export type { Briefing } from './response/oversee/briefing.ts'
export type { Effect, Message } from './response/effect.ts'
export { dueAt, respond, type Input } from './response/pipeline.ts'
export {
  INITIAL_STATE,
  STATE_VERSION,
  type Incident,
  type ResponseState,
  type Settings,
} from './response/state.ts'
export type { StageRecord } from './response/step.ts'
export { reportSchema, type Observation, type Refusal, type Report } from './response/observation.ts'
export { leaseProbe } from './routing/breaker.ts'
export {
  forgiven,
  newCandidateHealth,
  recordSample,
  shareOf,
  type CandidateHealth,
  type CandidateShare,
  type Sample,
  type ShareSnapshot,
} from './routing/health.ts'
export { promptSizeOf, type PromptSize } from './routing/prompt-size.ts'
export { rank, rankWithin, shareFor } from './routing/rank.ts'
export { deposit, fullRetryBudget, withdraw } from './routing/retry-budget.ts'
export {
  emptySummary,
  mergeSummaries,
  quantileMs,
  summaryOf,
  summarySchema,
  type Summary,
} from './summary.ts'
