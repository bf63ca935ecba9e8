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
  creditOf,
  failed,
  nextStepAfter,
  success,
  type Failure,
  type FailureKind,
  type Outcome,
  type Phase,
} from './outcome.ts'
export { leaseProbe } from './routing/breaker.ts'
export {
  newCandidateHealth,
  recordSample,
  shareOf,
  type CandidateHealth,
  type CandidateShare,
  type Sample,
  type ShareSnapshot,
} from './routing/health.ts'
export { rank, shareFor } from './routing/rank.ts'
export { deposit, fullRetryBudget, withdraw } from './routing/retry-budget.ts'
