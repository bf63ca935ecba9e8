import { defineConfig, type Config } from '@paceline/core'

/** So many incidents can go on side by side, each on a route of its own with two providers of its own. */
export const LANES = 4
export const lanes = Array.from({ length: LANES }, (_, lane) => lane)

export const routeOf = (lane: number): string => `lane-${lane}`
/** The route whose one candidate has nobody beside it. */
export const LONELY_ROUTE = 'lonely'

/** The two of a lane in the order in which they are asked. */
export const RIDERS = ['alpe', 'ventoux'] as const
export type Rider = (typeof RIDERS)[number]

/** A first token later than this is late, in ms. */
export const TARGET_MS = 800

/** That of every app, with timers short enough to watch a whole incident. */
export const POLICY = {
  suspectAfter: 3,
  usualLate: 0.05,
  faultyLate: 0.5,
  proof: 15,
  restoredBelowMs: 400,
  restoredSamples: 10,
  restoredWithinMs: 5_000,
  leaseMs: 4_000,
  freshMs: 30_000,
  rampInMs: 500,
  probeEveryMs: 100,
  recoveredAfter: 5,
  failBackStepMs: 300,
} as const

const timers = { headersMs: 5_000, firstOutputMs: 5_000, gapMs: 5_000, answerMs: 20_000 }
const pairs = lanes.flatMap((lane) => RIDERS.map((rider) => ({ id: `${rider}-${lane}`, rider, lane })))

export const addressVariable = (rider: Rider, lane: number): string => `${rider.toUpperCase()}_${lane}_URL`

export const drillConfig: Config = defineConfig({
  providers: Object.fromEntries(
    pairs.map(({ id, rider, lane }) => [
      id,
      { wire: 'openai' as const, baseUrlFrom: addressVariable(rider, lane) },
    ]),
  ),
  models: Object.fromEntries(pairs.map(({ id }) => [id, { provider: id, model: 'mock-large' }])),
  routes: {
    ...Object.fromEntries(
      lanes.map((lane) => [
        routeOf(lane),
        {
          candidates: RIDERS.map((rider) => `${rider}-${lane}`),
          order: 'strict' as const,
          ttfvtTargetMs: TARGET_MS,
          // With a second provider beside each silent one nobody would wait, and there were no incident to be seen.
          hedge: false,
          timers,
        },
      ]),
    ),
    [LONELY_ROUTE]: { candidates: [`${RIDERS[0]}-0`], ttfvtTargetMs: TARGET_MS, timers },
  },
  keys: { app: { secretFrom: 'PACELINE_APP_KEY' } },
  browserKeys: { page: { keyFrom: 'PACELINE_BROWSER_KEY', origins: ['http://127.0.0.1:*'] } },
  operators: { drill: { tokenFrom: 'PACELINE_OPS_TOKEN' } },
  notify: { webhooks: { 'on-call': { urlFrom: 'ON_CALL_URL', secretFrom: 'ON_CALL_SECRET' } } },
  playbooks: { 'ttfvt-breach': POLICY },
})
