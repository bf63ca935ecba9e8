import type { PublicDirectives, Version } from '@paceline/core'
import type { DataOf } from '../report/event.ts'
import { isNewer } from './is-newer.ts'

export type Refusal = DataOf<'directive.refused'>

/** Judges a document as it came over the wire: only a complete one that is not older than what is held is taken. */
export function judgeDirectives(text: string, held: Version | undefined): PublicDirectives | Refusal {
  if (!text.trim()) return { reason: 'empty' }
  const directives = parse(text) as PublicDirectives
  if (!isLike(directives, EXAMPLE)) return { reason: 'malformed' }
  const { epoch, version } = directives
  return held !== undefined && isNewer(held, directives) ? { reason: 'older', epoch, version } : directives
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * What is read of a document, by example: the schemas of core would weigh a third of the whole script, and the edge has
 * seen to what goes beyond a value's type. A test holds it against them.
 */
const EXAMPLE = {
  epoch: 0,
  version: 0,
  maxAgeMs: 0,
  sdk: true,
  sampling: 0,
  notices: [
    {
      incident: '',
      severity: '',
      code: '',
      select: {},
      symptom: '',
      works: '',
      action: '',
      nextUpdateMs: 0,
      ttlMs: 0,
    },
  ],
}

function isLike(value: unknown, example: unknown): boolean {
  if (Array.isArray(example)) return Array.isArray(value) && value.every((one) => isLike(one, example[0]))
  if (typeof value !== typeof example || value === null) return false
  return (
    typeof example !== 'object' ||
    Object.entries(example as object).every(([key, part]) =>
      isLike((value as Record<string, unknown>)[key], part),
    )
  )
}
