import { publicForm, type ServerDirectives, type Version } from '@paceline/core'
import { authenticate } from '../gateway/parse/authenticate.ts'
import { isProblem, type Problem } from '../gateway/problem.ts'
import type { Secret } from '../gateway/setup.ts'
import { problemDetails } from '../problem-details.ts'
import type { DirectiveView } from './directive-view.ts'

/** What the coordinator offers to servers. */
export interface SignedSource {
  /**
   * The signed directives; null where no secret is set.
   *
   * @param known what the reader holds: where nothing is newer, nothing needs to be signed
   */
  signed(known: Version | null): Promise<{ readonly version: Version; readonly jws: string | null } | null>
  keys(): Promise<string | null>
  fetch(request: Request): Promise<Response>
}

const JOSE = 'application/jose'
/** Anyone may read the public form, from anywhere. */
const OPEN = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }

/** How much older than it says a browser's kept copy may be. */
const COPY_MS = 5_000

/** The directives: signed for a server that shows its key, in their public form for everybody else. */
export async function serveDirectives(
  request: Request,
  view: DirectiveView,
  keys: readonly Secret[],
  source: SignedSource,
): Promise<Response> {
  if (request.headers.get('accept')?.includes(JOSE) === true) return serveSigned(request, keys, source)
  const { directives, ageMs: heldMs } = view.held(Date.now())
  const ageMs = Number.isFinite(heldMs) ? heldMs : 0
  const left = whatIsLeft(directives, ageMs)
  // What ends by itself changes what is said, and so does time: a copy that is kept may be little older than it says.
  const ended = directives.leases.length - left.leases.length
  const etag = `"${directives.epoch}.${directives.version}.${ended}.${Math.floor(ageMs / COPY_MS)}"`
  const headers = { ...OPEN, etag, 'cache-control': 'no-cache', vary: 'accept' }
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers })
  return Response.json(publicForm(left), { headers })
}

/** Ages are told as they are now, since the reader's clock starts when it receives them. */
const whatIsLeft = (directives: ServerDirectives, ageMs: number): ServerDirectives => ({
  ...directives,
  maxAgeMs: Math.max(0, directives.maxAgeMs - ageMs),
  leases: directives.leases.flatMap((lease) =>
    lease.ttlMs > ageMs && directives.maxAgeMs >= ageMs ? [{ ...lease, ttlMs: lease.ttlMs - ageMs }] : [],
  ),
})

async function serveSigned(
  request: Request,
  keys: readonly Secret[],
  source: SignedSource,
): Promise<Response> {
  const key = authenticate(request.headers, keys)
  if (isProblem(key)) return problemDetails(key)
  const signed = await source.signed(versionOf(request)).catch(() => 'out' as const)
  if (signed === 'out') return problemDetails(OUT)
  if (signed === null) return problemDetails(NO_SECRET)
  const etag = etagOf(signed.version)
  const headers = { etag, 'cache-control': 'no-store', 'content-type': JOSE }
  return signed.jws === null || request.headers.get('if-none-match') === etag
    ? new Response(null, { status: 304, headers })
    : new Response(signed.jws, { headers })
}

/** The keys that signed directives are checked by. */
export async function serveKeys(source: SignedSource): Promise<Response> {
  const keys = await source.keys().catch(() => 'out' as const)
  if (keys === 'out') return problemDetails(OUT)
  if (keys === null) return problemDetails(NO_SECRET)
  return new Response(keys, {
    headers: { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' },
  })
}

/** A connection by which a server hears of every change at once. */
export async function openSocket(
  request: Request,
  keys: readonly Secret[],
  source: SignedSource,
): Promise<Response> {
  const key = authenticate(request.headers, keys)
  if (isProblem(key)) return problemDetails(key)
  const signing = await source.keys().catch(() => 'out' as const)
  if (signing === 'out') return problemDetails(OUT)
  // A socket on which nothing can ever be said would pass for one on which nothing has happened.
  if (signing === null) return problemDetails(NO_SECRET)
  return source.fetch(request).catch(() => problemDetails(OUT))
}

const etagOf = ({ epoch, version }: Version): string => `"${epoch}.${version}"`

/** The version that the reader holds, as its `If-None-Match` says. */
function versionOf(request: Request): Version | null {
  const [, epoch, version] =
    /^"(\d{1,16})\.(\d{1,16})"$/.exec(request.headers.get('if-none-match') ?? '') ?? []
  return epoch === undefined || version === undefined
    ? null
    : { epoch: Number(epoch), version: Number(version) }
}

const OUT: Problem = {
  status: 503,
  code: 'coordinator_out',
  message: 'The coordinator does not answer. Go on with the directives that you hold, and ask again later.',
  param: null,
  retryable: true,
  retryAfterS: 5,
}

const NO_SECRET: Problem = {
  status: 500,
  code: 'not_configured',
  message:
    'Directives can not be signed here: the operator of this edge must set the secret PACELINE_SECRET.',
  param: null,
  retryable: false,
}
