import { serverDirectivesSchema, type EventOf, type ServerDirectives } from '@paceline/core'
import { compactVerify, decodeProtectedHeader, type CompactJWSHeaderParameters, type CryptoKey } from 'jose'
import * as v from 'valibot'
import type { KeySource } from './key-source.ts'

export type RefusalReason = EventOf<'directive.refused'>['data']['reason']

export type Verified =
  | { readonly kind: 'good'; readonly directives: ServerDirectives }
  | { readonly kind: 'refused'; readonly reason: Exclude<RefusalReason, 'older'> }
  /** The keys can't be had just now. Nothing is known against the document, so it is asked for again. */
  | { readonly kind: 'unverifiable' }

/** Directives are a few KiB; what is larger than this is none. */
export const LARGEST_DOCUMENT = 1_048_576

/** Reads a signed document: a compact JWS, whose payload is read only once its signature is good. */
export async function verifyDirectives(text: string, keys: KeySource): Promise<Verified> {
  const jws = text.trim()
  if (jws === '') return refused('empty')
  if (jws.length > LARGEST_DOCUMENT) return refused('malformed')
  const header = headerOf(jws)
  if (header === null) return refused('malformed')
  // The algorithm is ours to choose, never the document's.
  if (header.alg !== 'EdDSA' || header.kid === undefined) return refused('wrongly-signed')
  const key = await keys.keyFor(header.kid)
  if (key === 'unreachable') return { kind: 'unverifiable' }
  if (key === 'unknown') return refused('wrongly-signed')
  const payload = await payloadOf(jws, key)
  if (payload === null) return refused('wrongly-signed')
  if (payload === '') return refused('empty')
  const parsed = v.safeParse(serverDirectivesSchema, parseJson(payload))
  return parsed.success ? { kind: 'good', directives: parsed.output } : refused('malformed')
}

const refused = (reason: Exclude<RefusalReason, 'older'>): Verified => ({ kind: 'refused', reason })

function headerOf(jws: string): Partial<CompactJWSHeaderParameters> | null {
  if (jws.split('.').length !== 3) return null
  try {
    return decodeProtectedHeader(jws)
  } catch {
    return null
  }
}

async function payloadOf(jws: string, key: CryptoKey): Promise<string | null> {
  try {
    const { payload } = await compactVerify(jws, key, { algorithms: ['EdDSA'] })
    return new TextDecoder().decode(payload).trim()
  } catch {
    return null
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
