import { startStack, type Stack } from '../support/stack.ts'

/** The keys of `worker-with-limits.ts`, by their names in its configuration. */
export const LIMITED_KEYS = {
  app: 'test-app-key',
  vip: 'test-vip-key',
  batch: 'test-batch-key',
  metered: 'test-metered-key',
  'metered-too': 'test-metered-too-key',
  free: 'test-free-key',
  'free-too': 'test-free-too-key',
  daily: 'test-daily-key',
  'daily-too': 'test-daily-too-key',
  generous: 'test-generous-key',
} as const
export type LimitedKey = keyof typeof LIMITED_KEYS

export const startLimitedStack = (worker = 'worker-with-limits.ts'): Promise<Stack> =>
  startStack({
    worker,
    bindings: Object.fromEntries(
      Object.entries(LIMITED_KEYS).map(([name, key]) => [
        `${name.toUpperCase().replaceAll('-', '_')}_KEY`,
        key,
      ]),
    ),
  })
