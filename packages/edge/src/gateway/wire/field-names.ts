import { fieldName } from '@paceline/core'
import type * as v from 'valibot'
import type { BadRequest } from './wire.ts'

/** The first thing that is wrong with a body, in words for the person who wrote it. */
export function toBadRequest(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): BadRequest {
  const [issue] = issues
  const path = issue.path?.map((item) => item.key) ?? []
  const param = path.length === 0 ? null : fieldName(path)
  const where = param === null ? 'The request body' : `'${param}'`
  const expected = (issue.expected ?? 'another value').replaceAll('"', "'")
  if (issue.kind === 'validation') return { param, message: `${where}: ${issue.message}.` }
  if (issue.input === undefined) return { param, message: `${where} is missing: expected ${expected}.` }
  return { param, message: `${where} must be ${expected}, but is ${typeName(issue.input)}.` }
}

// The type and not the value: what a caller sends may be private, and this message may be logged.
function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
