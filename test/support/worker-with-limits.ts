import { defineConfig } from '@paceline/core'
import { createCoordinator, createWorker } from '@paceline/edge'

export { EventIngest, ProviderHealth, Quota } from '@paceline/edge'

/** Routes enough that each test has its own: load and health are remembered. */
const numbers = Array.from({ length: 40 }, (_, number) => number)
const timers = { headersMs: 5_000, firstOutputMs: 5_000, gapMs: 10_000, answerMs: 5_000, totalMs: 30_000 }

/** A gateway that bears ten requests at a time on each route, for keys that may do little. */
const config = defineConfig({
  providers: { openai: { wire: 'openai', baseUrlFrom: 'OPENAI_URL', keyFrom: 'OPENAI_KEY' } },
  models: Object.fromEntries(
    numbers.map((number) => [`m-${number}`, { provider: 'openai' as const, model: `case-${number}` }]),
  ),
  routes: {
    ...Object.fromEntries(numbers.map((number) => [`o-${number}`, { candidates: [`m-${number}`], timers }])),
    nightly: { candidates: ['m-0'], criticality: 'bulk' },
  },
  tiers: {
    free: { requestsPerMinute: 60, burst: 2 },
    batch: { criticality: 'bulk' },
  },
  keys: {
    app: { secretFrom: 'APP_KEY' },
    vip: { secretFrom: 'VIP_KEY', criticality: 'critical' },
    batch: { secretFrom: 'BATCH_KEY', tier: 'batch' },
    metered: { secretFrom: 'METERED_KEY', requestsPerMinute: 60, burst: 2 },
    'metered-too': { secretFrom: 'METERED_TOO_KEY', requestsPerMinute: 60, burst: 2 },
    free: { secretFrom: 'FREE_KEY', tier: 'free' },
    'free-too': { secretFrom: 'FREE_TOO_KEY', tier: 'free' },
    daily: { secretFrom: 'DAILY_KEY', requestsPerDay: 5 },
    'daily-too': { secretFrom: 'DAILY_TOO_KEY', requestsPerDay: 5 },
    // A hundredth of it goes on credit: three requests.
    generous: { secretFrom: 'GENEROUS_KEY', requestsPerDay: 300 },
  },
  browserKeys: { page: { keyFrom: 'BROWSER_KEY', origins: ['https://app.example.com'] } },
  limits: { inFlight: { initial: 10, min: 10, max: 10 }, bodyMs: 500 },
})

export const Coordinator = createCoordinator(config)
export default createWorker(config)
