import type { PublicDirectives, Version } from '@paceline/core'
import { isNewer } from './is-newer.ts'
import type { DataOf } from '../report/event.ts'

export type Refusal = DataOf<'directive.refused'>
export type Judgement =
  | { readonly kind: 'accepted'; readonly directives: PublicDirectives }
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** Judges a document as it came over the wire: only a complete one that is newer than what is held is taken. */
export function judgeDirectives(text: string, held: Version | undefined): Judgement {
  const refused = (reason: Refusal['reason'], version: Partial<Version> = {}): Judgement => ({
    kind: 'refused',
    refusal: { reason, ...version },
  })
  if (text.trim() === '') return refused('empty')
  const directives = parse(text)
  if (!isDirectives(directives)) return refused('malformed')
  const { epoch, version } = directives
  if (held === undefined || isNewer(directives, held)) return { kind: 'accepted', directives }
  return isNewer(held, directives) ? refused('older', { epoch, version }) : { kind: 'known' }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/*
 * By hand, since the schemas of core would weigh a third of the whole script; a test holds it against them.
 */

const DAY_MS = 86_400_000
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
const isName = (value: unknown): boolean => typeof value === 'string' && NAME.test(value)
const isSentence = (value: unknown): boolean => typeof value === 'string' && value.length <= 300
const isWithin = (value: unknown, most: number): boolean =>
  typeof value === 'number' && value >= 0 && value <= most
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && isWithin(value, Infinity)

const isNotice = (value: unknown): boolean =>
  isObject(value) &&
  [value['id'], value['incident'], value['code']].every(isName) &&
  [value['symptom'], value['works'], value['action']].every(isSentence) &&
  /^(info|warning|critical)$/.test(String(value['severity'])) &&
  isObject(value['select']) &&
  ['route', 'region', 'tier'].every((key) => {
    const wanted = (value['select'] as Record<string, unknown>)[key]
    return wanted === undefined || isName(wanted)
  }) &&
  typeof value['since'] === 'number' &&
  isWithin(value['nextUpdateMs'], DAY_MS) &&
  isWithin(value['ttlMs'], DAY_MS)

const isDirectives = (value: unknown): value is PublicDirectives =>
  isObject(value) &&
  isCount(value['epoch']) &&
  isCount(value['version']) &&
  typeof value['issuedAt'] === 'number' &&
  isWithin(value['maxAgeMs'], DAY_MS) &&
  typeof value['sdk'] === 'boolean' &&
  isWithin(value['sampling'], 1) &&
  /^(normal|conserving|degraded|essential|emergency)$/.test(String(value['mode'])) &&
  Array.isArray(value['notices']) &&
  value['notices'].every(isNotice)
