import type { Config } from '@paceline/core'
import { createApp } from './app.ts'
import type { Env } from './env.ts'

export { ProviderHealth } from './health/provider-health.ts'
export type { Env } from './env.ts'

/**
 * The Worker for a configuration.
 *
 * @example
 * import config from './paceline.config.ts'
 * export { ProviderHealth } from '@paceline/edge'
 * export default createWorker(config)
 */
export function createWorker(config: Config): Required<Pick<ExportedHandler<Env>, 'fetch'>> {
  const app = createApp(config)
  return { fetch: (request, env, context) => app.fetch(request, env, context) }
}
