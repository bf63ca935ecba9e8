import type { Config } from '@paceline/core'
import { createApp, type WorkerParts } from './app.ts'
import type { Env } from './env.ts'

export { createCoordinator, type CoordinatorClass } from './coordinator/coordinator.ts'
export { ProviderHealth } from './health/provider-health.ts'
export { EventIngest } from './ingest/event-ingest.ts'
export { Quota } from './quota/quota.ts'
export type { WorkerParts } from './app.ts'
export type { Env } from './env.ts'

/**
 * The Worker for a configuration.
 *
 * @example
 * import * as browserScript from '@paceline/browser-sdk/drop-in'
 * import config from './paceline.config.ts'
 * export { EventIngest, ProviderHealth, Quota } from '@paceline/edge'
 * export const Coordinator = createCoordinator(config)
 * export default createWorker(config, { browserScript })
 */
export function createWorker(
  config: Config,
  parts: WorkerParts = {},
): Required<Pick<ExportedHandler<Env>, 'fetch'>> {
  const app = createApp(config, parts)
  return { fetch: (request, env, context) => app.fetch(request, env, context) }
}
