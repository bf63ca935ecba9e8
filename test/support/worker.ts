import * as browserScript from '@paceline/browser-sdk/drop-in'
import { defineConfig } from '@paceline/core'
import { createCoordinator, createWorker } from '@paceline/edge'

export { EventIngest, ProviderHealth } from '@paceline/edge'

/** Routes enough that each test has its own: health remembers, and one test's fault must not colour the next. */
const ROUTES = 400

const timers = { headersMs: 400, firstOutputMs: 500, gapMs: 400, answerMs: 700, totalMs: 8_000 }
const numbers = Array.from({ length: ROUTES }, (_, number) => number)
const PROVIDERS = ['openai', 'anthropic', 'compatible'] as const

const models = numbers.flatMap((number) =>
  PROVIDERS.map((provider) => [`${provider}-${number}`, { provider, model: `case-${number}` }] as const),
)
const orders = {
  oa: ['openai', 'anthropic'],
  ao: ['anthropic', 'openai'],
  oc: ['openai', 'compatible'],
  oac: ['openai', 'anthropic', 'compatible'],
  o: ['openai'],
  a: ['anthropic'],
}
const routes = Object.entries(orders).flatMap(([name, order]) =>
  numbers.map(
    (number) =>
      [
        `${name}-${number}`,
        { candidates: order.map((provider) => `${provider}-${number}`), order: 'strict' as const, timers },
      ] as const,
  ),
)

const config = defineConfig({
  providers: {
    openai: { wire: 'openai', baseUrlFrom: 'OPENAI_URL', keyFrom: 'OPENAI_KEY' },
    anthropic: { wire: 'anthropic', baseUrlFrom: 'ANTHROPIC_URL', keyFrom: 'ANTHROPIC_KEY' },
    compatible: { wire: 'openai', baseUrlFrom: 'COMPATIBLE_URL' },
    absent: { wire: 'openai', baseUrl: 'http://127.0.0.1:9/v1', keyFrom: 'ABSENT_KEY' },
  },
  models: {
    ...Object.fromEntries(models),
    plain: {
      provider: 'openai',
      model: 'mock',
      capabilities: { tools: false, images: false, jsonSchema: false },
    },
    small: { provider: 'openai', model: 'mock', contextTokens: 1_000 },
    large: { provider: 'anthropic', model: 'mock', contextTokens: 1_000_000 },
    absent: { provider: 'absent', model: 'mock' },
    patient: { provider: 'openai', model: 'patient' },
    shared1: { provider: 'openai', model: 'mock' },
    shared2: { provider: 'anthropic', model: 'mock' },
    shared3: { provider: 'compatible', model: 'mock' },
  },
  routes: {
    ...Object.fromEntries(routes),
    plain: { candidates: ['plain'] },
    sized: { candidates: ['small', 'large'], order: 'strict', timers },
    absent: { candidates: ['absent'] },
    // With the usual timers, which leave a flood time to swell.
    patient: { candidates: ['patient'] },
    shared: {
      candidates: ['shared1', 'shared2', 'shared3'],
      accepts: ['gpt-*'],
      timers,
      ttfvtTargetMs: 100,
    },
  },
  keys: { app: { secretFrom: 'APP_KEY' }, limited: { secretFrom: 'LIMITED_KEY', routes: ['plain'] } },
  browserKeys: {
    page: { keyFrom: 'BROWSER_KEY', origins: ['https://app.example.com', 'http://127.0.0.1:*'] },
  },
  operators: { tester: { tokenFrom: 'OPERATOR_TOKEN' } },
  limits: { bodyBytes: 1_000_000, answerBytes: 200_000 },
})

export const Coordinator = createCoordinator(config)
export default createWorker(config, { browserScript })
