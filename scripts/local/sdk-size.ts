import { brotliCompressSync } from 'node:zlib'
import { bundleSdk } from './bundle-sdk.ts'

/** What every page view may cost: measure, reports and directives. */
const CORE_LIMIT = 6_000
/** What a bad day may cost besides: the notice with its looks. */
const NOTICE_LIMIT = 3_000

/** Fails when one of the browser's files has outgrown its limit; brotli at its best, as a CDN stores it. */
export async function checkSdkSize(root: string): Promise<string> {
  const { source, notice } = await bundleSdk(root)
  const core = weigh('The drop-in script', source, CORE_LIMIT)
  return `${core} bytes brotli, and ${weigh('The notice', notice.source, NOTICE_LIMIT)} for the notice`
}

function weigh(name: string, source: string, limit: number): number {
  const bytes = brotliCompressSync(source).byteLength
  if (bytes > limit) throw new Error(`${name} has ${bytes} bytes with brotli; its limit is ${limit}.`)
  return bytes
}
