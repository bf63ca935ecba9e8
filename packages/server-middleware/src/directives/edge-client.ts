import { LARGEST_DOCUMENT } from './verify-directives.ts'
import { readKeySet, type PublicKey } from './key-source.ts'

/** Where the edge is, and the secret key that this server shows there. */
export interface EdgeAddress {
  readonly url: string
  readonly key: string
}

export type Polled =
  | { readonly kind: 'document'; readonly text: string }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'failed'; readonly problem: string; readonly retryAfterMs: number | null }

const timeoutMs = 10_000

/** Asks the edge for the directives, unless the newest ones are those of this `ETag`. */
export async function pollDirectives(edge: EdgeAddress, etag: string, closing: AbortSignal): Promise<Polled> {
  try {
    const response = await fetch(new URL('/directives', edge.url), {
      headers: { ...authorization(edge), accept: 'application/jose', 'if-none-match': etag },
      // Our key is for the edge alone.
      redirect: 'manual',
      signal: AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)]),
    })
    if (response.status === 200) return { kind: 'document', text: await readLimited(response) }
    await response.body?.cancel()
    if (response.status === 304) return { kind: 'unchanged' }
    return {
      kind: 'failed',
      problem: problemOf(response.status, 'GET /directives'),
      retryAfterMs: retryAfterMs(response.headers),
    }
  } catch {
    return { kind: 'failed', problem: UNREACHABLE, retryAfterMs: null }
  }
}

/** The keys that sign directives; null where they can't be had. */
export async function fetchKeys(
  edge: EdgeAddress,
  closing: AbortSignal,
): Promise<readonly PublicKey[] | null> {
  try {
    const response = await fetch(new URL('/directives/keys', edge.url), {
      headers: authorization(edge),
      redirect: 'manual',
      signal: AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)]),
    })
    if (response.status === 200) return readKeySet(JSON.parse(await readLimited(response)))
    await response.body?.cancel()
    return null
  } catch {
    return null
  }
}

export const authorization = ({ key }: EdgeAddress): { readonly authorization: string } => ({
  authorization: `Bearer ${key}`,
})

export const UNREACHABLE = 'The edge can’t be reached: check `edge`, and that it runs.'

/** What a person has to know of an answer that was none. */
export function problemOf(status: number, call: string): string {
  if (status === 401 || status === 403)
    return `The edge refuses this server’s key (${call} answered ${status}): check \`key\`.`
  return `The edge answered ${call} with ${status}.`
}

/** The wait that an answer asks for, in ms, whether it names seconds or an instant. */
export function retryAfterMs(headers: Headers, epochNow = Date.now()): number | null {
  const value = headers.get('retry-after')
  if (value === null) return null
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - epochNow
  return Number.isNaN(waitMs) ? null : Math.max(0, waitMs)
}

/** The body, as far as one character beyond what a document may have: enough to see that it is too long. */
async function readLimited(response: Response): Promise<string> {
  if (response.body === null) return ''
  let text = ''
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    text += part
    if (text.length > LARGEST_DOCUMENT) break
  }
  return text
}
