import { fileURLToPath } from 'node:url'
import { startMockProvider, type Attempt, type MockProvider } from '@paceline/mock-provider'
import { startEdge } from '../../scripts/local/edge.ts'

export type ProviderName = 'openai' | 'anthropic' | 'compatible'

/** The gateway in workerd between real sockets: providers on one side, whoever tests on the other. */
export interface Stack {
  readonly url: string
  readonly key: string
  readonly openai: MockProvider
  readonly anthropic: MockProvider
  readonly compatible: MockProvider
  /** A route that no other test has used: its candidates in the order of the name's letters. */
  freshRoute(order: 'oa' | 'ao' | 'oc' | 'oac' | 'o' | 'a' | 'ka' | 'koa' | 'boa' | 'roa'): string
  /** What a provider was asked for a route, the gateway's own probes left out. */
  asked(provider: ProviderName, route: string): readonly Attempt[]
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
}

export async function startStack({
  bindings = {},
  worker = 'worker.ts',
  persistTo,
}: StackOptions = {}): Promise<Stack> {
  const mock = (name: string, apiKey?: string): Promise<MockProvider> =>
    startMockProvider({ name, texts: [TEXT], ...(apiKey === undefined ? {} : { apiKey }) })
  const [openai, anthropic, compatible] = await Promise.all([
    mock('openai', KEYS.openai),
    mock('anthropic', KEYS.anthropic),
    mock('compatible'),
  ])
  const edge = await startEdge({
    entry: fileURLToPath(new URL(worker, import.meta.url)),
    wranglerConfig: fileURLToPath(new URL('../../wrangler.toml', import.meta.url)),
    port: 0,
    ...(persistTo === undefined ? {} : { persistTo }),
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
      ...bindings,
    },
  })
  let routes = -1
  const byName = { openai, anthropic, compatible }
  const providers = Object.values(byName)
  const initial = new Map(providers.map((provider) => [provider, provider.settings()]))
  return {
    url: edge.url,
    key: KEYS.app,
    openai,
    anthropic,
    compatible,
    freshRoute(order) {
      routes += 1
      return `${order}-${routes}`
    },
    asked: (provider, route) =>
      byName[provider]
        .attempts()
        .filter(({ model, requestBody }) => model === `case-${route.split('-')[1]}` && !isProbe(requestBody)),
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

const isProbe = (body: unknown): boolean =>
  JSON.stringify((body as { messages?: unknown }).messages ?? null).includes('"ping"')
