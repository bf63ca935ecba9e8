import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { run } from './build.ts'

/** The free plan's limit is 3 MB; a tenth of that keeps cold starts short and leaves room for what is to come. */
const LIMIT_BYTES = 300_000

/** Bundles the Worker as a deployment would, and fails when it has outgrown its limit. */
export async function checkWorkerSize(root: string): Promise<string> {
  const folder = join(root, '.paceline', 'dry-run')
  await run('wrangler', ['deploy', '--dry-run', '--outdir', folder], root)
  const bytes = gzipSync(readFileSync(join(folder, 'worker.js'))).byteLength
  const kilobytes = (bytes / 1000).toFixed(1)
  if (bytes > LIMIT_BYTES)
    throw new Error(`The Worker is ${kilobytes} kB gzipped; its limit is ${LIMIT_BYTES / 1000} kB.`)
  return `${kilobytes} kB gzipped`
}
