import { brotliCompressSync } from 'node:zlib'
import { bundleSdk } from './bundle-sdk.ts'

/** What one page view may cost for the whole of it: measure, reports, directives and the notice with its looks. */
const LIMIT_BYTES = 10_500

/** Fails when the browser's script has outgrown its limit; brotli at its best, as a CDN stores it. */
export async function checkSdkSize(root: string): Promise<string> {
  const { source } = await bundleSdk(root)
  const bytes = brotliCompressSync(source).byteLength
  const kilobytes = (bytes / 1000).toFixed(1)
  if (bytes > LIMIT_BYTES)
    throw new Error(
      `The drop-in script is ${kilobytes} kB with brotli; its limit is ${LIMIT_BYTES / 1000} kB.`,
    )
  return `${kilobytes} kB brotli`
}
