import { fileURLToPath } from 'node:url'
import { startMockProvider, type Attempt, type FaultPlan, type MockProvider } from '@paceline/mock-provider'
import { startEdge } from '../../scripts/local/edge.ts'

export type ProviderName = 'openai' | 'anthropic' | 'compatible' | 'gemini'

/** The gateway in workerd between real sockets: providers on one side, whoever tests on the other. */
export interface Stack {
  readonly url: string
  /** Where workerd's inspector listens, if it was asked for. */
  readonly inspectorPort: number | null
  readonly key: string
  readonly openai: MockProvider
  readonly anthropic: MockProvider
  readonly compatible: MockProvider
  readonly gemini: MockProvider
  /** A route that no other test has used; `order` is the first part of its name, as the Worker's file has it. */
  freshRoute(order: string): string
  /** Sets what goes wrong at a provider for one route alone, so that tests can run side by side. */
  spoil(provider: ProviderName, route: string, fault: FaultPlan): void
  /** What a provider was asked for a route, the gateway's own probes left out. */
  asked(provider: ProviderName, route: string): readonly Attempt[]
  /** The same, once each of them is over: answered to its end, broken off, or left by the gateway. */
  settled(provider: ProviderName, route: string): Promise<readonly Attempt[]>
  /** All providers healthy, their settings those they began with, and their logs empty. */
  heal(): void
  close(): Promise<void>
}

export const KEYS = {
  app: 'test-app-key',
  limited: 'test-limited-key',
  tenant: 'test-tenant-key',
  openai: 'sk-openai',
  anthropic: 'sk-anthropic',
  gemini: 'AIza-gemini',
  browser: 'pk_test',
  operator: 'test-operator-token',
  /** Makes receipts and signs directives. */
  secret: 'test-secret',
}

/** Says who speaks and how it ends, so that a test can tell whose text it has and whether it has all of it. */
const TEXT = '{provider} rides one two three four five six seven eight nine and is done'
export const wholeTextOf = (provider: string): string => TEXT.replace('{provider}', provider)

interface StackOptions {
  /** Variables of the Worker that differ from the usual. */
  readonly bindings?: Readonly<Record<string, string>>
  /** Another Worker than `worker.ts` beside this file. */
  readonly worker?: string
  /** Folder that keeps Durable Objects, for those who want to look into it. */
  readonly persistTo?: string
  /** Whether workerd can be looked into. */
  readonly inspect?: boolean
}

export async function startStack({
  bindings = {},
  worker = 'worker.ts',
  persistTo,
  inspect = false,
}: StackOptions = {}): Promise<Stack> {
  const mock = (name: string, apiKey?: string): Promise<MockProvider> =>
    startMockProvider({ name, texts: [TEXT], ...(apiKey === undefined ? {} : { apiKey }) })
  const [openai, anthropic, compatible, gemini] = await Promise.all([
    mock('openai', KEYS.openai),
    mock('anthropic', KEYS.anthropic),
    mock('compatible'),
    mock('gemini', KEYS.gemini),
  ])
  const edge = await startEdge({
    entry: fileURLToPath(new URL(worker, import.meta.url)),
    wranglerConfig: fileURLToPath(new URL('../../wrangler.toml', import.meta.url)),
    port: 0,
    ...(persistTo === undefined ? {} : { persistTo }),
    inspect,
    bindings: {
      APP_KEY: KEYS.app,
      LIMITED_KEY: KEYS.limited,
      TENANT_KEY: KEYS.tenant,
      BROWSER_KEY: KEYS.browser,
      OPERATOR_TOKEN: KEYS.operator,
      PACELINE_SECRET: KEYS.secret,
      OPENAI_KEY: KEYS.openai,
      OPENAI_URL: `${openai.url}/v1`,
      ANTHROPIC_KEY: KEYS.anthropic,
      ANTHROPIC_URL: anthropic.url,
      COMPATIBLE_URL: `${compatible.url}/v1`,
      GEMINI_KEY: KEYS.gemini,
      GEMINI_URL: `${gemini.url}/v1beta`,
      ...bindings,
    },
  })
  let routes = -1
  const byName = { openai, anthropic, compatible, gemini }
  const providers = Object.values(byName)
  const initial = new Map(providers.map((provider) => [provider, provider.settings()]))
  const asked = (provider: ProviderName, route: string): readonly Attempt[] =>
    byName[provider]
      .attempts()
      .filter(({ model, requestBody }) => model === modelOf(route) && !isProbe(requestBody))
  return {
    url: edge.url,
    inspectorPort: edge.inspectorPort,
    key: KEYS.app,
    openai,
    anthropic,
    compatible,
    gemini,
    freshRoute(order) {
      routes += 1
      return `${order}-${routes}`
    },
    spoil: (provider, route, fault) => byName[provider].setFault(fault, modelOf(route)),
    asked,
    settled: (provider, route) =>
      Promise.all(
        asked(provider, route).map(({ id }) =>
          byName[provider].waitForAttempt((attempt) => attempt.id === id && isSettled(attempt)),
        ),
      ),
    heal() {
      for (const provider of providers) {
        provider.setFault(null)
        provider.configure(initial.get(provider) ?? {})
        provider.clearAttempts()
      }
    },
    async close() {
      await Promise.all([edge.close(), ...providers.map((provider) => provider.close())])
    },
  }
}

/** What the providers call the model of a route. */
const modelOf = (route: string): string => `case-${route.split('-')[1]}`

const isSettled = ({ ending, clientLeftAtMs }: Attempt): boolean =>
  ending === 'stalled' ? clientLeftAtMs !== null : ending !== 'open'

function isProbe(body: unknown): boolean {
  const { messages = null, contents = null } = (body ?? {}) as { messages?: unknown; contents?: unknown }
  return JSON.stringify([messages, contents]).includes('"ping"')
}
