import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleWorker } from './contestants/bundle-worker.ts'
import { serveWorkerd, type RunningWorkerd } from './contestants/serve-workerd.ts'
import { startPortkey } from './contestants/start-portkey.ts'
import { chooseCores, type Cores } from './cores.ts'
import type { Contestant, Name } from './load/contestant.ts'
import type { Options } from './options.ts'
import { startUpstream, type Upstream } from './upstream/upstream.ts'

/** Everybody who takes part, running. */
export interface House {
  readonly contestants: Readonly<Record<Name, Contestant>>
  readonly upstream: Upstream
  /** Another Paceline that can be looked into, which costs it something: not for what is compared. */
  inspectable(): Promise<{ readonly contestant: Contestant; readonly inspectorPort: number }>
  readonly cores: Cores
  close(): Promise<void>
}

/** Variation of the mock providers' delays: no provider is a metronome. */
const JITTER = 0.1

/**
 * @param closers takes what ends each part, as soon as it runs, so that an interruption ends them too
 */
export async function startHouse(
  root: string,
  { text, chunks, seed, firstTokenMs, targetMs, receipts }: Options,
  closers: (() => Promise<void>)[],
  say: (words: string) => void,
): Promise<House> {
  const cores = chooseCores()
  say('bundling the Worker')
  const [paceline, passThrough] = await Promise.all([
    bundleWorker(root, join(root, 'bench/gateway/worker/paceline.ts'), true),
    bundleWorker(root, join(root, 'bench/gateway/worker/pass-through.ts'), false),
  ])
  say('starting the upstream')
  const upstream = await startUpstream({ text, chunks, seed, firstTokenMs, jitter: JITTER }, cores.others)
  closers.push(() => upstream.child.stop())
  say('starting workerd')
  const appKey = `pl_${randomBytes(24).toString('base64url')}`
  const plan = {
    paceline,
    passThrough: passThrough.script,
    variables: {
      UPSTREAM_ORIGIN: upstream.fast,
      UPSTREAM_URL: `${upstream.fast}/v1`,
      PRIMARY_URL: `${upstream.primary}/v1`,
      ALTERNATE_URL: `${upstream.alternate}/v1`,
      TARGET_MS: String(targetMs),
      APP_KEY: appKey,
      PACELINE_SECRET: randomBytes(24).toString('base64url'),
      ...(receipts ? { BROWSER_KEY: 'pk_bench' } : {}),
    },
  }
  const serve = async (inspect: boolean): Promise<RunningWorkerd> => {
    const workerd = await serveWorkerd(root, plan, { core: cores.contestants, inspect })
    closers.push(() => workerd.stop())
    return workerd
  }
  const workerd = await serve(false)
  say('starting Portkey')
  const portkey = await startPortkey(root, cores.contestants)
  closers.push(() => portkey.child.stop())
  const authorization = `Bearer ${appKey}`
  const pacelineOf = ({ pacelinePort: port, child: { pid } }: RunningWorkerd): Contestant => ({
    name: 'paceline',
    port,
    pid,
    headers: { authorization },
  })
  const portOf = (url: string): number => Number(new URL(url).port)
  return {
    contestants: {
      direct: { name: 'direct', port: portOf(upstream.fast), pid: null, headers: { authorization } },
      'pass-through': {
        name: 'pass-through',
        port: workerd.passThroughPort,
        pid: workerd.child.pid,
        headers: { authorization },
      },
      paceline: pacelineOf(workerd),
      portkey: {
        name: 'portkey',
        port: portkey.port,
        pid: portkey.child.pid,
        headers: {
          authorization,
          'x-portkey-provider': 'openai',
          'x-portkey-custom-host': `${upstream.fast}/v1`,
        },
      },
    },
    upstream,
    cores,
    async inspectable() {
      const another = await serve(true)
      return { contestant: pacelineOf(another), inspectorPort: another.inspectorPort ?? 0 }
    },
    async close() {
      for (const end of closers.splice(0).toReversed()) await end()
    },
  }
}

/** The version that Portkey's package says it has. */
export const portkeyVersion = (root: string): string =>
  (
    JSON.parse(readFileSync(join(root, 'bench/node_modules/@portkey-ai/gateway/package.json'), 'utf8')) as {
      version: string
    }
  ).version
