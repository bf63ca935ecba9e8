import { problemDetails } from '../problem-details.ts'

interface File {
  readonly source: string
  /** As the `integrity` attribute spells it. https://www.w3.org/TR/SRI/ */
  readonly integrity: string
}

/** The SDK as a script for pages. */
export interface BrowserScript extends File {
  readonly version: string
  /** The module that it imports when there is something to say. */
  readonly notice: File
}

/**
 * The newest script, for pages that keep up by themselves, or, by its version, one that never changes and that a page
 * can pin by its integrity. Each version has a notice of its own, which never changes either.
 *
 * @param name what the address says between `/paceline-` and `.js`: `VERSION` or `notice-VERSION`; null for the newest
 */
export function serveScript(
  request: Request,
  script: BrowserScript | undefined,
  name: string | null,
): Response {
  if (script === undefined) return notHere('This Worker was built without the browser SDK.')
  const { version } = script
  const files = new Map<string, File>([
    [version, script],
    [`notice-${version}`, script.notice],
  ])
  const file = files.get(name ?? version)
  if (file === undefined) {
    return notHere(
      `That version of the browser SDK is not served here. The current one is ${version}, at /paceline-${version}.js.`,
    )
  }
  const etag = `"${file.integrity}"`
  const headers = {
    'cache-control': name === null ? 'public, max-age=300' : 'public, max-age=31536000, immutable',
    etag,
    // Pages of any origin load it, also those that ask for integrity or isolate themselves.
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    'x-content-type-options': 'nosniff',
  }
  if (isKnown(request.headers.get('if-none-match'), etag)) return new Response(null, { status: 304, headers })
  return new Response(request.method === 'HEAD' ? null : file.source, {
    headers: { ...headers, 'content-type': 'text/javascript; charset=utf-8' },
  })
}

/** Caches on the way may have weakened the tag, and a cache may hold several. */
const isKnown = (header: string | null, etag: string): boolean =>
  header !== null && header.split(',').some((one) => ['*', etag].includes(one.trim().replace(/^W\//, '')))

const notHere = (message: string): Response =>
  problemDetails({ status: 404, code: 'not_found', message, param: null, retryable: false })
