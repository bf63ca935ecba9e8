import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MockProvider } from '@paceline/mock-provider'
import { startEdge } from '../local/edge.ts'
import { PROVIDERS, urlVariable, type ProviderName } from './world.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The gateway between three providers, on loopback. */
export interface House {
  readonly url: string
  readonly key: string
  readonly providers: Readonly<Record<ProviderName, MockProvider>>
  close(): Promise<void>
}

/** No two attempts say the same, so that an answer shows who gave which part of it. */
const TEXTS = [
  '{provider} leads for the {attempt}. time, and nobody behind slows down before the hill is over',
  '{provider} ({attempt}) fährt 🚴 im 漢字 Wind “\u2028” und ist {attempt} Längen voraus, immer noch {provider}',
  'Short: {provider} {attempt}.',
]

export async function startHouse(seed: number): Promise<House> {
  // Imported when it is needed, because it is the build's output.
  const { startMockProvider } = await import('@paceline/mock-provider')
  const key = `pl_${randomBytes(18).toString('base64url')}`
  const start = (name: ProviderName, place: number): Promise<MockProvider> =>
    startMockProvider({
      name,
      seed: seed + place,
      texts: TEXTS,
      delays: { firstTokenMs: 2, tokenMs: 1, jitter: 1 },
    })
  const [north, south, east] = await Promise.all([start('north', 0), start('south', 1), start('east', 2)])
  const providers = { north, south, east }
  const closeProviders = async (): Promise<void> => {
    await Promise.all(PROVIDERS.map((name) => providers[name].close()))
  }
  try {
    const edge = await startEdge({
      entry: join(root, 'scripts', 'faults', 'worker.ts'),
      wranglerConfig: join(root, 'wrangler.toml'),
      port: 0,
      // Every refused key is logged, and thousands of keys are refused here.
      onLog: () => undefined,
      bindings: {
        APP_KEY: key,
        ...Object.fromEntries(
          PROVIDERS.map((name) => [urlVariable(name), providers[name].url + (name === 'south' ? '' : '/v1')]),
        ),
      },
    })
    return {
      url: edge.url,
      key,
      providers,
      async close() {
        await edge.close()
        await closeProviders()
      },
    }
  } catch (error) {
    await closeProviders()
    throw error
  }
}
