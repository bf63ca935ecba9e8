import type { Config } from '@paceline/core'
import { setUp, type Setup } from './gateway/setup.ts'
import type { ProviderHealth } from './health/provider-health.ts'
import type { EventIngest } from './ingest/event-ingest.ts'

/** What the platform binds to the Worker. Besides these there are the variables and secrets that the configuration names. */
export interface Env {
  readonly PROVIDER_HEALTH: DurableObjectNamespace<ProviderHealth>
  readonly EVENT_INGEST: DurableObjectNamespace<EventIngest>
}

/** Joins the configuration with an environment once, since an isolate is given the same one with every request. */
export function rememberSetup(config: Config): (env: Env) => Setup {
  const known = new WeakMap<Env, Setup>()
  return (env) => {
    const setup = known.get(env) ?? setUp(config, env as unknown as Readonly<Record<string, unknown>>)
    known.set(env, setup)
    return setup
  }
}
