import { defineConfig } from '@paceline/core'
import { createCoordinator, createWorker } from '@paceline/edge'
import {
  ANSWER_BYTES,
  HEALTHY_TIMERS,
  healthyOf,
  MAX_ATTEMPTS,
  modelOf,
  PROVIDERS,
  routeOf,
  SLOTS,
  TIMERS,
  urlVariable,
  variantOf,
  WIRE_OF,
} from './world.ts'

export { EventIngest, ProviderHealth, Quota } from '@paceline/edge'

const slots = Array.from({ length: SLOTS }, (_, slot) => slot)

const config = defineConfig({
  providers: Object.fromEntries(
    PROVIDERS.map((provider) => [provider, { wire: WIRE_OF[provider], baseUrlFrom: urlVariable(provider) }]),
  ),
  models: Object.fromEntries(
    slots.flatMap((slot) =>
      PROVIDERS.map(
        (provider) =>
          [
            `${provider}-${slot}`,
            {
              provider,
              model: modelOf(slot),
              // On every other route, answers that break off can be taken up by whoever comes next.
              capabilities: slot % 2 === 0 ? { prefill: true } : {},
              ...(provider === healthyOf(slot) ? { timers: HEALTHY_TIMERS } : {}),
            },
          ] as const,
      ),
    ),
  ),
  routes: Object.fromEntries(
    slots.map((slot) => {
      const { order, providers } = variantOf(slot)
      const candidates = providers.map((provider) => `${provider}-${slot}`)
      return [routeOf(slot), { candidates, order, maxAttempts: MAX_ATTEMPTS, timers: TIMERS }] as const
    }),
  ),
  keys: { app: { secretFrom: 'APP_KEY' } },
  limits: { answerBytes: ANSWER_BYTES },
})

export const Coordinator = createCoordinator(config)
export default createWorker(config)
