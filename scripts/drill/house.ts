import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startEdge, type EdgeOptions } from '../local/edge.ts'
import { isRuntimeNoise } from '../local/runtime-log.ts'
import { startLine, type BreakableLine } from './breakable-line.ts'
import { Audit } from './audit.ts'
import { addressVariable, lanes, RIDERS, type Rider } from './drill-config.ts'
import { startOnCall, type OnCall } from './on-call.ts'
import type { Options } from './options.ts'
import { clock } from './until.ts'
import { startWatchingServer, type WatchingServer } from './watching-server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Everything that takes part in a drill, on loopback. */
export interface House {
  readonly edgeUrl: string
  readonly appKey: string
  readonly browserKey: string
  readonly audit: Audit
  readonly onCall: OnCall
  /** A backend with the middleware, by which directives are timed where they arrive. */
  readonly server: WatchingServer
  /** The line between that backend and the edge. */
  readonly line: BreakableLine
  /** What the Worker logged about itself that only a bug explains. */
  readonly bugs: readonly string[]
  /** Makes a provider so many times slower, or itself again by 1. */
  tire(rider: Rider, lane: number, factor: number): void
  /** Makes a provider refuse everything. */
  breakDown(rider: Rider, lane: number): void
  /** Kills the Worker as a power cut would, and starts it again on what it had stored. */
  crash(): Promise<void>
  /** When the whole edge was down. */
  readonly outages: readonly { readonly from: number; readonly to: number }[]
  /** Closes something more together with the house, before the rest. */
  alsoClose(close: () => Promise<void>): void
  close(): Promise<void>
}

export interface HouseOptions extends Pick<Options, 'seed' | 'firstTokenMs' | 'texts'> {
  readonly worker?: 'worker.ts' | 'worker-without-coordinator.ts'
}

export async function startHouse(options: HouseOptions): Promise<House> {
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    // In turn, the last first: a part may still need those that were there before it.
    for (const end of closers.splice(0).toReversed()) await end().catch(() => undefined)
  }
  try {
    const parts = await startParts(options, closers)
    return { ...parts, alsoClose: (end) => void closers.push(end), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function startParts(
  { seed, firstTokenMs, texts, worker = 'worker.ts' }: HouseOptions,
  closers: (() => Promise<void>)[],
): Promise<Omit<House, 'close' | 'alsoClose'>> {
  // Imported when it is needed, because it is the build's output.
  const { startMockProvider } = await import('@paceline/mock-provider')
  const mocks = await Promise.all(
    lanes.flatMap((lane) =>
      RIDERS.map(async (rider, place) => {
        const mock = await startMockProvider({
          name: `${rider}-${lane}`,
          seed: seed + 2 * lane + place,
          texts: texts.length === 0 ? [SHORT] : texts,
          delays: { headersMs: 0, firstTokenMs, tokenMs: 4, jitter: JITTER },
        })
        closers.push(() => mock.close())
        return { rider, lane, mock }
      }),
    ),
  )
  const mockOf = (rider: Rider, lane: number) => {
    const found = mocks.find((one) => one.rider === rider && one.lane === lane)
    if (found === undefined) throw new Error(`there is no ${rider} in lane ${lane}`)
    return found.mock
  }
  const onCall = await startOnCall(clock)
  closers.push(() => onCall.close())
  const [appKey, browserKey, opsToken] = [secret('pl'), secret('pk'), secret('ops')]
  const bugs: string[] = []
  const outages: { from: number; to: number }[] = []
  const storage = await mkdtemp(join(tmpdir(), 'paceline-drill-'))
  // At the exit at the latest: a signal may come while the house is still being opened.
  process.on('exit', () => rmSync(storage, { recursive: true, force: true, maxRetries: 5 }))
  const edgeOptions: EdgeOptions = {
    persistTo: storage,
    onLog: ({ message }) => {
      if (isBug(message)) bugs.push(message)
    },
    entry: join(root, 'scripts', 'drill', worker),
    wranglerConfig: join(root, 'wrangler.toml'),
    port: 0,
    bindings: {
      ...Object.fromEntries(
        mocks.map(({ rider, lane, mock }) => [addressVariable(rider, lane), `${mock.url}/v1`]),
      ),
      PACELINE_APP_KEY: appKey,
      PACELINE_BROWSER_KEY: browserKey,
      PACELINE_OPS_TOKEN: opsToken,
      PACELINE_SECRET: secret('s'),
      ON_CALL_URL: onCall.url,
      ON_CALL_SECRET: onCall.secret,
    },
  }
  let edge = await startEdge(edgeOptions)
  const edgeUrl = edge.url
  closers.push(() => edge.close())
  const line = await startLine(edgeUrl)
  closers.push(() => line.close())
  const server = await startWatchingServer(line.url, appKey)
  closers.push(() => server.close())
  return {
    edgeUrl,
    appKey,
    browserKey,
    audit: new Audit(edgeUrl, opsToken),
    onCall,
    server,
    line,
    bugs,
    outages,
    async crash() {
      const from = clock()
      killChildren('workerd')
      await edge.close().catch(() => undefined)
      edge = await startEdge({ ...edgeOptions, port: Number(new URL(edgeUrl).port) })
      outages.push({ from, to: clock() })
    },
    tire: (rider, lane, factor) =>
      mockOf(rider, lane).setFault(factor === 1 ? null : { kind: 'slow-first-token', factor }),
    breakDown: (rider, lane) => mockOf(rider, lane).setFault({ kind: 'unavailable' }),
  }
}

/** Whoever times first tokens needs few others. */
const SHORT = '{provider} leads, and nobody behind slows down.'

/** What the range that the options promise is reckoned with. */
const JITTER = 0.1

/** The Worker's own events are lines of JSON; anything else that is loud is a fault that nobody caught. */
function isBug(message: string): boolean {
  if (message.startsWith('{')) return /"event":"[\w-]+\.bug"/u.test(message)
  return !isRuntimeNoise(message)
}

/** Without a word of warning. Only children of this process are meant. */
const killChildren = (name: string): void =>
  void spawnSync('pkill', ['-KILL', '-P', String(process.pid), '-x', name])

const secret = (prefix: string): string => `${prefix}_${randomBytes(18).toString('base64url')}`
