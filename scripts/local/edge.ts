import { build } from 'esbuild'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { unstable_getMiniflareWorkerOptions } from 'wrangler'
import { printRuntimeLog, type RuntimeLogEntry } from './runtime-log.ts'

export interface EdgeOptions {
  /** The Worker's source file. */
  readonly entry: string
  /** Where wrangler.toml is: flags, dates and bindings come from it, so that local and deployed agree. */
  readonly wranglerConfig: string
  /** 0 for any free one. */
  readonly port: number
  /** Variables and secrets. */
  readonly bindings: Readonly<Record<string, string>>
  /** Folder that keeps Durable Objects between starts; without it they live as long as the process. */
  readonly persistTo?: string
  /** Takes what workerd logs; printed where nobody does. */
  readonly onLog?: (entry: RuntimeLogEntry) => void
  /** Whether workerd can be looked into while it runs, which costs it something. */
  readonly inspect?: boolean
}

export interface RunningEdge {
  readonly url: string
  /** Where its inspector listens, if it was asked for. */
  readonly inspectorPort: number | null
  close(): Promise<void>
}

/** The part of what wrangler reads from its file that matters here. Its declared type lost these fields. */
interface FromWrangler {
  readonly compatibilityDate: string
  readonly compatibilityFlags: string[]
  readonly kvNamespaces?: Record<string, unknown>
  readonly durableObjects: Record<string, { className: string; useSQLite?: boolean }>
}

/**
 * Bundles the Worker and runs it in workerd on loopback. Besides `port`, one more listens there, at random: Miniflare's
 * own, by which workerd talks to it. No option switches it off; it answers 403 to whoever lacks its secret.
 */
export async function startEdge({
  entry,
  wranglerConfig,
  port,
  bindings,
  persistTo,
  onLog = printRuntimeLog,
  inspect = false,
}: EdgeOptions): Promise<RunningEdge> {
  const bundle = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    sourcemap: 'inline',
    logLevel: 'silent',
  })
  const script = bundle.outputFiles[0]?.text ?? ''
  const { workerOptions } = unstable_getMiniflareWorkerOptions(wranglerConfig)
  const { compatibilityDate, compatibilityFlags, durableObjects, kvNamespaces } =
    workerOptions as unknown as FromWrangler
  const options = convertV4MiniflareOptions({
    name: 'paceline',
    host: '127.0.0.1',
    port,
    // Without this it asks the network for the properties of a request's origin.
    cf: false,
    handleStructuredLogs: onLog,
    ...(persistTo === undefined ? {} : { resourcePersistencePath: persistTo }),
    ...(inspect ? { inspectorPort: 0 } : {}),
    compatibilityDate,
    compatibilityFlags,
    durableObjects,
    ...(kvNamespaces === undefined ? {} : { kvNamespaces: Object.keys(kvNamespaces) }),
    bindings: { ...bindings },
    modules: [{ type: 'ESModule', path: 'worker.mjs', contents: script }],
  })
  const miniflare = new Miniflare(options)
  const url = await miniflare.ready.catch((error: unknown) => {
    throw persistTo === undefined ? error : new Error(damaged(persistTo, error))
  })
  const inspectorPort = inspect ? Number((await miniflare.getInspectorURL()).port) : null
  return { url: url.origin, inspectorPort, close: () => miniflare.dispose() }
}

const damaged = (folder: string, error: unknown): string =>
  `The gateway did not start. If its storage in ${folder} is damaged, \`npm start -- --fresh\` forgets it.\n` +
  `workerd's own words: ${error instanceof Error ? error.message : String(error)}`
