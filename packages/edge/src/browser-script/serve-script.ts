import { problemDetails } from '../problem-details.ts'

/** The SDK as a script for pages. */
export interface BrowserScript {
  readonly source: string
  readonly version: string
  /** As the `integrity` attribute spells it. https://www.w3.org/TR/SRI/ */
  readonly integrity: string
}

/**
 * The newest script, for pages that keep up by themselves, or, by its version, one that never changes and that a page
 * can pin by its integrity.
 *
 * @param version as the address names it; null for the newest
 */
export function serveScript(
  request: Request,
  script: BrowserScript | undefined,
  version: string | null,
): Response {
  if (script === undefined) return notHere('This Worker was built without the browser SDK.')
  if (version !== null && version !== script.version) {
    return notHere(
      `That version of the browser SDK is not served here. The current one is ${script.version}, at /paceline-${script.version}.js.`,
    )
  }
  const etag = `"${script.integrity}"`
  const headers = {
    'cache-control': version === null ? 'public, max-age=300' : 'public, max-age=31536000, immutable',
    etag,
    // Pages of any origin load it, also those that ask for integrity or isolate themselves.
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    'x-content-type-options': 'nosniff',
  }
  if (isKnown(request.headers.get('if-none-match'), etag)) return new Response(null, { status: 304, headers })
  return new Response(request.method === 'HEAD' ? null : script.source, {
    headers: { ...headers, 'content-type': 'text/javascript; charset=utf-8' },
  })
}

/** Caches on the way may have weakened the tag, and a cache may hold several. */
const isKnown = (header: string | null, etag: string): boolean =>
  header !== null && header.split(',').some((one) => ['*', etag].includes(one.trim().replace(/^W\//, '')))

const notHere = (message: string): Response =>
  problemDetails({ status: 404, code: 'not_found', message, param: null, retryable: false })
