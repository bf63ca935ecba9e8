import { defineConfig, type Config } from '@paceline/core'

/** So many incidents can go on side by side, each on a route of its own. */
export const LANES = 8

/** The policy of the drill: that of every app, with timers short enough to watch a whole incident. */
export const POLICY = {
  suspectAfter: 3,
  restoredBelowMs: 400,
  restoredSamples: 10,
  restoredWithinMs: 5_000,
  leaseMs: 4_000,
  rampInMs: 500,
  probeEveryMs: 100,
  recoveredAfter: 5,
  failBackStepMs: 300,
} as const

const lanes = Array.from({ length: LANES }, (_, lane) => lane)
const PROVIDERS = ['alpe', 'ventoux'] as const
const timers = { headersMs: 4_000, firstOutputMs: 4_000, gapMs: 4_000, answerMs: 20_000 }

export const drillConfig: Config = defineConfig({
  providers: {
    alpe: { wire: 'openai', baseUrlFrom: 'ALPE_URL' },
    ventoux: { wire: 'openai', baseUrlFrom: 'VENTOUX_URL' },
  },
  models: Object.fromEntries(
    lanes.flatMap((lane) =>
      PROVIDERS.map((provider) => [`${provider}-${lane}`, { provider, model: `lane-${lane}` }] as const),
    ),
  ),
  routes: {
    ...Object.fromEntries(
      lanes.map((lane) => [
        `lane-${lane}`,
        {
          candidates: PROVIDERS.map((provider) => `${provider}-${lane}`),
          order: 'strict' as const,
          ttfvtTargetMs: 800,
          timers,
        },
      ]),
    ),
    alone: { candidates: ['alpe-0'], ttfvtTargetMs: 800, timers },
  },
  keys: { app: { secretFrom: 'PACELINE_APP_KEY' } },
  browserKeys: { page: { keyFrom: 'PACELINE_BROWSER_KEY', origins: ['http://127.0.0.1:*'] } },
  operators: { drill: { tokenFrom: 'PACELINE_OPS_TOKEN' } },
  notify: { webhooks: { oncall: { urlFrom: 'ONCALL_URL', secretFrom: 'ONCALL_SECRET' } } },
  playbooks: { 'ttfvt-breach': POLICY },
})
