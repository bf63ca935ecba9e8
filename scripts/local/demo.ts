import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Config } from '@paceline/core'
import { startEdge } from './edge.ts'
import type { LocalSecrets } from './secrets.ts'
import { lineUp, variablesOf, type Variables } from './line-up.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The mock ones, as paceline.config.ts knows them. */
export const MOCKS = [
  { id: 'mock-openai', name: 'Alpe', wire: 'OpenAI wire', variable: 'MOCK_OPENAI_URL', path: '/v1' },
  { id: 'mock-anthropic', name: 'Ventoux', wire: 'Anthropic wire', variable: 'MOCK_ANTHROPIC_URL', path: '' },
  {
    id: 'mock-compatible',
    name: 'Stelvio',
    wire: 'OpenAI-compatible',
    variable: 'MOCK_COMPATIBLE_URL',
    path: '/v1',
  },
] as const

export interface DemoOptions {
  /** Ports; 0 for any free one. The second and third mock provider take the ports after `mockPort`. */
  readonly chatPort: number
  readonly gatewayPort: number
  readonly mockPort: number
  readonly secrets: LocalSecrets
  /** Folder for the gateway's storage; without it nothing outlives the process. */
  readonly persistTo?: string
  /** Where the keys of real providers are looked for. */
  readonly environment: Variables
}

export interface RunningProvider {
  readonly id: string
  readonly name: string
  /** What the reader should know of it. */
  readonly note: string
  /** A mock one's address. */
  readonly url?: string
}

export interface RunningDemo {
  readonly chatUrl: string
  readonly gatewayUrl: string
  readonly mocks: readonly { readonly id: string }[]
  /** Who takes part, in the order in which the gateway asks. */
  readonly providers: readonly RunningProvider[]
  close(): Promise<void>
}

/** The whole house on one machine: mock providers, the gateway in workerd, and the chat app. Needs a finished build. */
export async function startDemo(options: DemoOptions): Promise<RunningDemo> {
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    await Promise.allSettled(closers.splice(0).map((end) => end()))
  }
  try {
    return { ...(await startParts(options, closers)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function startParts(
  options: DemoOptions,
  closers: (() => Promise<void>)[],
): Promise<Omit<RunningDemo, 'close'>> {
  // Imported when they are needed, because they are the build's output.
  const { startMockProvider } = await import('@paceline/mock-provider')
  const { startChat } = await import('@paceline/example-chat')
  const { chatPort, gatewayPort, mockPort, secrets, persistTo, environment } = options
  const config = await loadConfig()
  const route = 'chat' in config.routes ? 'chat' : (Object.keys(config.routes)[0] ?? 'chat')

  const mocks = await Promise.all(
    MOCKS.map(async ({ id, name, wire, variable, path }, index) => {
      const delays = { headersMs: 20, firstTokenMs: 120 + 40 * index, tokenMs: 25 }
      const port = mockPort === 0 ? 0 : mockPort + index
      const provider = await startMockProvider({ name, port, seed: index + 1, delays })
      closers.push(() => provider.close())
      return { id, name, wire, variable, path, url: provider.url }
    }),
  )
  const variables = {
    ...variablesOf(config, environment),
    PACELINE_APP_KEY: secrets.appKey,
    PACELINE_BROWSER_KEY: secrets.browserKey,
    PACELINE_OPS_TOKEN: secrets.opsToken,
    PACELINE_SECRET: secrets.secret,
    ...Object.fromEntries(mocks.map(({ variable, url, path }) => [variable, url + path])),
  }
  const providers = lineUp(config, route, variables).map(({ id, by }): RunningProvider => {
    const mock = mocks.find((one) => one.id === id)
    return mock === undefined
      ? { id, name: id, note: `real, by ${by}` }
      : { id, name: mock.name, note: `mock, ${mock.wire}`, url: mock.url }
  })
  const edge = await startEdge({
    entry: join(root, 'worker.ts'),
    wranglerConfig: join(root, 'wrangler.toml'),
    port: gatewayPort,
    ...(persistTo === undefined ? {} : { persistTo }),
    bindings: variables,
  })
  closers.push(() => edge.close())
  const chat = await startChat({
    port: chatPort,
    gatewayUrl: edge.url,
    appKey: secrets.appKey,
    model: route,
    paceline: { edge: edge.url, secret: secrets.appKey },
    browser: { key: secrets.browserKey },
    providers: providers.map(({ id, name, url }) => ({
      id,
      name,
      ...(url === undefined ? {} : { controlUrl: url }),
    })),
  })
  closers.push(() => chat.close())
  return { chatUrl: chat.url, gatewayUrl: edge.url, mocks, providers }
}

/** By its address, since the Worker's configuration belongs to the Worker's own TypeScript project. */
async function loadConfig(): Promise<Config> {
  const module = (await import(pathToFileURL(join(root, 'paceline.config.ts')).href)) as { default: Config }
  return module.default
}
