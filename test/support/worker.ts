import * as browserScript from '@paceline/browser-sdk/drop-in'
import { defineConfig } from '@paceline/core'
import { createCoordinator, createWorker } from '@paceline/edge'

export { EventIngest, ProviderHealth, Quota } from '@paceline/edge'

/** Routes enough that each test has its own: health remembers, and one test's fault must not colour the next. */
const ROUTES = 500

const timers = { headersMs: 400, firstOutputMs: 500, gapMs: 400, answerMs: 700, totalMs: 8_000 }
const numbers = Array.from({ length: ROUTES }, (_, number) => number)
const PROVIDERS = ['openai', 'anthropic', 'compatible', 'gemini'] as const

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
  g: ['gemini'],
  go: ['gemini', 'openai'],
  // With answers that are kept: `k` for a minute, `b` as briefly as can be, `r` asked for anew at the first chance.
  ka: ['anthropic'],
  koa: ['openai', 'anthropic'],
  boa: ['openai', 'anthropic'],
  roa: ['openai', 'anthropic'],
}
const caches: Readonly<Record<string, { freshMs: number; refreshAheadMs?: number }>> = {
  ka: { freshMs: 60_000 },
  koa: { freshMs: 60_000 },
  boa: { freshMs: 1_000 },
  roa: { freshMs: 60_000, refreshAheadMs: 59_999 },
}
const routes = Object.entries(orders).flatMap(([name, order]) =>
  numbers.map(
    (number) =>
      [
        `${name}-${number}`,
        {
          candidates: order.map((provider) => `${provider}-${number}`),
          order: 'strict' as const,
          timers,
          ...(caches[name] === undefined ? {} : { cache: caches[name] }),
        },
      ] as const,
  ),
)

const config = defineConfig({
  providers: {
    openai: { wire: 'openai', baseUrlFrom: 'OPENAI_URL', keyFrom: 'OPENAI_KEY' },
    anthropic: { wire: 'anthropic', baseUrlFrom: 'ANTHROPIC_URL', keyFrom: 'ANTHROPIC_KEY' },
    compatible: { wire: 'openai', baseUrlFrom: 'COMPATIBLE_URL' },
    gemini: { wire: 'gemini', baseUrlFrom: 'GEMINI_URL', keyFrom: 'GEMINI_KEY' },
    absent: { wire: 'openai', baseUrl: 'http://127.0.0.1:9/v1', keyFrom: 'ABSENT_KEY' },
    bound: { wire: 'workers-ai', binding: 'AI' },
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
    bound: { provider: 'bound', model: '@cf/test/parrot' },
    misnamed: { provider: 'bound', model: '@cf/test/no-such-model' },
    unbound: { provider: 'openai', model: 'mock' },
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
    bound: { candidates: ['bound'] },
    'bound-then-openai': { candidates: ['misnamed', 'unbound'], order: 'strict', timers },
    // With the usual timers, which leave a flood time to swell.
    patient: { candidates: ['patient'] },
    shared: {
      candidates: ['shared1', 'shared2', 'shared3'],
      accepts: ['gpt-*'],
      timers,
      ttfvtTargetMs: 100,
    },
  },
  keys: {
    app: { secretFrom: 'APP_KEY' },
    limited: { secretFrom: 'LIMITED_KEY', routes: ['plain'] },
    // Speaks for one tenant alone.
    tenant: { secretFrom: 'TENANT_KEY', tenant: 'acme' },
  },
  browserKeys: {
    page: { keyFrom: 'BROWSER_KEY', origins: ['https://app.example.com', 'http://127.0.0.1:*'] },
  },
  operators: { tester: { tokenFrom: 'OPERATOR_TOKEN' } },
  limits: { bodyBytes: 1_000_000, answerBytes: 200_000 },
})

export const Coordinator = createCoordinator(config)
export default createWorker(config, { browserScript })
