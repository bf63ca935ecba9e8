import { defineConfig } from '@paceline/core'
import { createCoordinator, createWorker } from '@paceline/edge'

export { EventIngest, ProviderHealth, Quota } from '@paceline/edge'

const numbers = [0, 1, 2, 3]
const timers = { headersMs: 20_000, firstOutputMs: 20_000, gapMs: 20_000, answerMs: 20_000, totalMs: 60_000 }

/** A machine that is busy with other things makes nobody late here: what moves traffic is what a test does. */
const config = defineConfig({
  providers: {
    openai: { wire: 'openai', baseUrlFrom: 'OPENAI_URL', keyFrom: 'OPENAI_KEY' },
    anthropic: { wire: 'anthropic', baseUrlFrom: 'ANTHROPIC_URL', keyFrom: 'ANTHROPIC_KEY' },
  },
  models: Object.fromEntries(
    numbers.flatMap((number) =>
      ['openai', 'anthropic'].map((provider) => [
        `${provider}-${number}`,
        { provider, model: `case-${number}` },
      ]),
    ),
  ),
  routes: Object.fromEntries(
    numbers.map((number) => [
      `oa-${number}`,
      {
        candidates: [`openai-${number}`, `anthropic-${number}`],
        order: 'strict',
        ttfvtTargetMs: 10_000,
        timers,
      },
    ]),
  ),
  keys: { app: { secretFrom: 'APP_KEY' } },
  browserKeys: { page: { keyFrom: 'BROWSER_KEY', origins: ['https://app.example.com'] } },
})

export const Coordinator = createCoordinator(config)
export default createWorker(config)
