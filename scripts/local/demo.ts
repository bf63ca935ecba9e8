import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startEdge } from './edge.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Real providers join when their key is set. */
const REAL = [
  { variable: 'OPENAI_API_KEY', id: 'openai', name: 'OpenAI' },
  { variable: 'ANTHROPIC_API_KEY', id: 'anthropic', name: 'Anthropic' },
  { variable: 'GEMINI_API_KEY', id: 'gemini', name: 'Gemini' },
] as const

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
  readonly appKey: string
  /** Folder for the gateway's storage; without it nothing outlives the process. */
  readonly persistTo?: string
  /** Where the keys of real providers are looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

export interface RunningDemo {
  readonly chatUrl: string
  readonly gatewayUrl: string
  readonly mocks: readonly {
    readonly id: string
    readonly name: string
    readonly wire: string
    readonly url: string
  }[]
  readonly real: readonly { readonly name: string; readonly variable: string }[]
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
  const { chatPort, gatewayPort, mockPort, appKey, persistTo, environment } = options

  const mocks = await Promise.all(
    MOCKS.map(async ({ id, name, wire, variable, path }, index) => {
      const delays = { headersMs: 20, firstTokenMs: 120 + 40 * index, tokenMs: 25 }
      const port = mockPort === 0 ? 0 : mockPort + index
      const provider = await startMockProvider({ name, port, seed: index + 1, delays })
      closers.push(() => provider.close())
      return { id, name, wire, variable, path, url: provider.url }
    }),
  )
  const real = REAL.filter(({ variable }) => (environment[variable] ?? '') !== '')
  const edge = await startEdge({
    entry: join(root, 'worker.ts'),
    wranglerConfig: join(root, 'wrangler.toml'),
    port: gatewayPort,
    ...(persistTo === undefined ? {} : { persistTo }),
    bindings: {
      PACELINE_APP_KEY: appKey,
      ...Object.fromEntries(mocks.map(({ variable, url, path }) => [variable, url + path])),
      ...Object.fromEntries(real.map(({ variable }) => [variable, environment[variable] ?? ''])),
    },
  })
  closers.push(() => edge.close())
  const chat = await startChat({
    port: chatPort,
    gatewayUrl: edge.url,
    appKey,
    model: 'chat',
    providers: [
      ...mocks.map(({ id, name, url }) => ({ id, name, controlUrl: url })),
      ...real.map(({ id, name }) => ({ id, name })),
    ],
  })
  closers.push(() => chat.close())
  return { chatUrl: chat.url, gatewayUrl: edge.url, mocks, real }
}
