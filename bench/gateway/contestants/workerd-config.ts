import type { BundledWorker } from './bundle-worker.ts'

/** What one workerd serves. */
export interface WorkerdPlan {
  readonly paceline: BundledWorker
  /** Source of the Worker that does nothing but pass requests on. */
  readonly passThrough: string
  /** Variables and secrets of both. */
  readonly variables: Readonly<Record<string, string>>
  /** Folder for Durable Objects. */
  readonly storage: string
}

/**
 * The configuration of a workerd that serves both Workers, each on a port of its own.
 * https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp
 */
export function workerdConfig({ paceline, passThrough, variables, storage }: WorkerdPlan): string {
  const classes = Object.entries(paceline.objects)
  const namespaces = classes.map(
    ([, name]) => `(className = ${text(name)}, uniqueKey = ${text(`bench-${name}`)}, enableSql = true)`,
  )
  const bound = classes.map(
    ([binding, name]) => `(name = ${text(binding)}, durableObjectNamespace = ${text(name)})`,
  )
  const texts = Object.entries(variables).map(
    ([name, value]) => `(name = ${text(name)}, text = ${text(value)})`,
  )
  const date = `compatibilityDate = ${text(paceline.compatibilityDate)}, compatibilityFlags = [${paceline.compatibilityFlags.map(text).join(', ')}]`
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "internet", network = (allow = ["private"])),
    (name = "storage", disk = (path = ${text(storage)}, writable = true)),
    (name = "paceline", worker = .paceline),
    (name = "pass-through", worker = .passThrough),
  ],
  sockets = [
    (name = "paceline", address = "127.0.0.1:0", http = (), service = "paceline"),
    (name = "pass-through", address = "127.0.0.1:0", http = (), service = "pass-through"),
  ],
);

const paceline :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = ${text(paceline.script)})],
  ${date},
  durableObjectNamespaces = [${namespaces.join(', ')}],
  durableObjectStorage = (localDisk = "storage"),
  bindings = [${[...bound, ...texts].join(', ')}],
);

const passThrough :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = ${text(passThrough)})],
  ${date},
  bindings = [${texts.join(', ')}],
);
`
}

/** A Cap'n Proto literal: JSON's escapes, but for those that it does not know. */
const text = (value: string): string =>
  JSON.stringify(value).replaceAll(/[\u007F-\uFFFF]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  )
