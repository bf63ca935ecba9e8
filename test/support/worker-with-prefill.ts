import { defineConfig } from '@paceline/core'
import { createCoordinator, createWorker } from '@paceline/edge'

export { EventIngest, ProviderHealth, Quota } from '@paceline/edge'

/** As many routes of each kind as tests may want: health remembers, and no test's fault may colour the next. */
const numbers = Array.from({ length: 100 }, (_, number) => number)
const PROVIDERS = ['openai', 'anthropic', 'compatible'] as const
const timers = { headersMs: 1_000, firstOutputMs: 3_000, gapMs: 400, answerMs: 3_000, totalMs: 8_000 }
const strict = { order: 'strict' as const, timers }

/** Every provider can go on with an answer that another one began, except under the names that end in `-unable`. */
const models = numbers.flatMap((number) =>
  PROVIDERS.flatMap((provider) => {
    const model = { provider, model: `case-${number}` }
    return [
      [`${provider}-${number}`, { ...model, capabilities: { prefill: true } }] as const,
      [`${provider}-${number}-unable`, model] as const,
    ]
  }),
)
const orders = {
  oa: ['openai', 'anthropic'],
  ao: ['anthropic', 'openai'],
  oac: ['openai', 'anthropic', 'compatible'],
}
const routes = Object.entries(orders).flatMap(([name, order]) =>
  numbers.flatMap((number) => [
    [`${name}-${number}`, { ...strict, candidates: order.map((one) => `${one}-${number}`) }] as const,
    [`${name}u-${number}`, { ...strict, candidates: order.map((one) => `${one}-${number}-unable`) }] as const,
    // A first token is late here soon enough for a second provider to be asked long before any timer.
    [
      `${name}h-${number}`,
      { ...strict, ttfvtTargetMs: 150, candidates: order.map((one) => `${one}-${number}`) },
    ] as const,
  ]),
)

const config = defineConfig({
  providers: {
    openai: { wire: 'openai', baseUrlFrom: 'OPENAI_URL', keyFrom: 'OPENAI_KEY' },
    anthropic: { wire: 'anthropic', baseUrlFrom: 'ANTHROPIC_URL', keyFrom: 'ANTHROPIC_KEY' },
    compatible: { wire: 'openai', baseUrlFrom: 'COMPATIBLE_URL' },
  },
  models: Object.fromEntries(models),
  routes: Object.fromEntries(routes),
  keys: { app: { secretFrom: 'APP_KEY' } },
  operators: { tester: { tokenFrom: 'OPERATOR_TOKEN' } },
})

export const Coordinator = createCoordinator(config)
export default createWorker(config)
