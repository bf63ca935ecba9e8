import type { Config } from '@paceline/core'
import type { Coordinator } from './coordinator/coordinator.ts'
import { setUp, type Setup } from './gateway/setup.ts'
import type { ProviderHealth } from './health/provider-health.ts'
import type { EventIngest } from './ingest/event-ingest.ts'
import type { Quota } from './quota/quota.ts'
import { setUpIngest, type IngestSetup } from './ingest/ingest-setup.ts'

/** What the platform binds to the Worker. Besides these there are the variables and secrets that the configuration names. */
export interface Env {
  readonly PROVIDER_HEALTH: DurableObjectNamespace<ProviderHealth>
  readonly COORDINATOR: DurableObjectNamespace<Coordinator>
  readonly QUOTA: DurableObjectNamespace<Quota>
  /** Absent where nobody set it up: then a fresh isolate starts as configured. */
  readonly DIRECTIVES?: KVNamespace
  /** Absent where nobody set it up: then each isolate keeps answers for itself. */
  readonly ANSWERS?: KVNamespace
  readonly EVENT_INGEST: DurableObjectNamespace<EventIngest>
}

type Environment = Readonly<Record<string, unknown>>

/** Joins the configuration with an environment once, since an isolate is given the same one with every request. */
export const rememberSetup = (config: Config): ((env: Env) => Setup) =>
  remember((environment) => setUp(config, environment))

/** The same, as far as events are concerned. */
export const rememberIngestSetup = (
  config: Config,
  setup: (env: Env) => Setup,
): ((env: Env) => IngestSetup) =>
  remember((environment, env) => setUpIngest(config, environment, setup(env).receipts))

function remember<T extends object>(make: (environment: Environment, env: Env) => T): (env: Env) => T {
  const known = new WeakMap<Env, T>()
  return (env) => {
    const made = known.get(env) ?? make(env as unknown as Environment, env)
    known.set(env, made)
    return made
  }
}
