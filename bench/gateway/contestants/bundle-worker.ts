import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { unstable_readConfig } from 'wrangler'
import { run } from '../../../scripts/local/build.ts'

/** A Worker as a deployment would upload it, and the date whose behaviour it asks for. */
export interface BundledWorker {
  readonly script: string
  readonly compatibilityDate: string
  readonly compatibilityFlags: readonly string[]
  /** Names of bindings, and the Durable Object classes that they bind. */
  readonly objects: Readonly<Record<string, string>>
}

/** The part of what wrangler reads from its file that matters here. Its declared type lost these fields. */
interface Deployed {
  readonly compatibility_date?: string
  readonly compatibility_flags: readonly string[]
  readonly keep_names?: boolean
  readonly durable_objects: { readonly bindings: readonly { name: string; class_name: string }[] }
}

/**
 * Bundles an entry with wrangler itself, by the dates and options of the repository's own wrangler.toml.
 *
 * @param isEdge whether it has the Durable Objects that are bound there
 */
export async function bundleWorker(root: string, entry: string, isEdge: boolean): Promise<BundledWorker> {
  const deployed = unstable_readConfig(
    { config: join(root, 'wrangler.toml') },
    { hideWarnings: true },
  ) as unknown as Deployed
  const { compatibility_date: compatibilityDate = '', compatibility_flags: compatibilityFlags } = deployed
  const bindings = isEdge ? deployed.durable_objects.bindings : []
  const objects = Object.fromEntries(bindings.map(({ name, class_name: className }) => [name, className]))
  const folder = join(root, '.paceline', 'bench', basename(entry, '.ts'))
  mkdirSync(folder, { recursive: true })
  const config = join(folder, 'wrangler.json')
  writeFileSync(
    config,
    JSON.stringify({
      name: 'bench',
      main: entry,
      compatibility_date: compatibilityDate,
      compatibility_flags: compatibilityFlags,
      keep_names: deployed.keep_names,
      ...(isEdge
        ? {
            durable_objects: { bindings },
            migrations: [{ tag: 'v1', new_sqlite_classes: Object.values(objects) }],
          }
        : {}),
    }),
  )
  await run('wrangler', ['deploy', '--dry-run', '--config', config, '--outdir', folder], root)
  const script = readFileSync(join(folder, `${basename(entry, '.ts')}.js`), 'utf8')
  return { script, compatibilityDate, compatibilityFlags, objects }
}
