export { admit, type ShedReason } from './admission/admit.ts'
export { CEILINGS, roomFor } from './admission/ceilings.ts'
export { comeBackAfterS, type ShedCause } from './admission/come-back.ts'
export type { LimitBounds } from './admission/concurrency-limit.ts'
export { CRITICALITIES, CRITICALITY_HEADER, lowered, type Criticality } from './admission/criticality.ts'
export { learn, newLimit, type LearntLimit } from './admission/learnt-limit.ts'
export { newLease, requestLease, spendOne, takeGrant, type LeasedQuota } from './admission/leased-quota.ts'
export {
  emptyLedger,
  grantQuota,
  type QuotaGrant,
  type QuotaLedger,
  type QuotaRequest,
} from './admission/quota.ts'
export { fullBucket, takeTokens, type Bucket, type Rate } from './admission/token-bucket.ts'
export { ConfigError, type ConfigIssue } from './config/config-error.ts'
export { defineConfig, fieldName, parseConfig } from './config/define-config.ts'
export {
  REGIONS,
  type AllowanceConfig,
  type Config,
  type ConfigInput,
  type ModelConfig,
  type ProviderConfig,
  type Region,
  type RouteConfig,
  type WireName,
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
export { hedgeAfterMs } from './routing/hedge.ts'
export {
  forgiven,
  isTelling,
  leaseDueProbe,
  NEWCOMER,
  newCandidateHealth,
  recordSample,
  shareOf,
  type CandidateHealth,
  type CandidateShare,
  type Sample,
  type ShareSnapshot,
} from './routing/health.ts'
export { promptSizeOf, type PromptSize } from './routing/prompt-size.ts'
export { healthyP95, rank, rankWithin, shareFor, type RankOptions } from './routing/rank.ts'
export { deposit, fullRetryBudget, withdraw } from './routing/retry-budget.ts'
export {
  emptySummary,
  mergeSummaries,
  quantileMs,
  summaryOf,
  summarySchema,
  type Summary,
} from './summary.ts'
