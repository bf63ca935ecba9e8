import { env } from 'cloudflare:workers'
import * as browserScript from '@paceline/browser-sdk/drop-in'
import { defineConfig } from '@paceline/core'
import { createCoordinator, createWorker } from '@paceline/edge'

export { EventIngest, ProviderHealth, Quota } from '@paceline/edge'

/** A whole edge with one route for each kind of measure. Its addresses and its target come from the benchmark's options. */
const config = defineConfig({
  providers: {
    upstream: { wire: 'openai', baseUrlFrom: 'UPSTREAM_URL' },
    primary: { wire: 'openai', baseUrlFrom: 'PRIMARY_URL' },
    alternate: { wire: 'openai', baseUrlFrom: 'ALTERNATE_URL' },
  },
  models: {
    upstream: { provider: 'upstream', model: 'bench' },
    primary: { provider: 'primary', model: 'bench' },
    alternate: { provider: 'alternate', model: 'bench' },
  },
  routes: {
    bench: { candidates: ['upstream'] },
    'brown-out': {
      candidates: ['primary', 'alternate'],
      order: 'strict',
      ttfvtTargetMs: Number((env as { TARGET_MS?: unknown }).TARGET_MS),
    },
    // Short timers: local workerd does not notice callers that leave before the headers, so these bound what they cost.
    soak: {
      candidates: ['primary', 'alternate'],
      timers: { headersMs: 2_000, firstOutputMs: 2_000, gapMs: 2_000, answerMs: 3_000, totalMs: 10_000 },
    },
  },
  keys: { app: { secretFrom: 'APP_KEY' } },
  // Receipts are made only where this key is set.
  browserKeys: { page: { keyFrom: 'BROWSER_KEY', origins: ['http://127.0.0.1:*'] } },
})

export const Coordinator = createCoordinator(config)
export default createWorker(config, { browserScript })
