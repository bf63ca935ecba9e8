import { fieldName } from '@paceline/core'
import type * as v from 'valibot'
import { isLongInteger } from './parse-json.ts'
import type { BadRequest } from './wire.ts'

/** The first thing that is wrong with a body, in words for the person who wrote it. */
export function toBadRequest(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): BadRequest {
  const { issue, path } = deepest(issues[0])
  const param = path.length === 0 ? null : fieldName(path)
  const where = param === null ? 'The request body' : `'${param}'`
  if (issue.kind === 'validation') return { param, message: `${where}: ${issue.message}.` }
  // valibot names a missing key itself as what it expected.
  if (issue.input === undefined && issue.kind === 'schema') return { param, message: `${where} is missing.` }
  return { param, message: `${where} must be ${expectedBy(issue)}, but is ${typeName(issue.input)}.` }
}

/** Our own messages say what is expected; valibot's start with "Invalid". */
const expectedBy = (issue: v.BaseIssue<unknown>): string =>
  issue.message.startsWith('Invalid')
    ? (TYPE_WORDS[issue.expected ?? ''] ?? (issue.expected ?? 'another value').replaceAll('"', "'"))
    : issue.message

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  Array: 'an array',
  Object: 'an object',
}

/** Where several shapes are allowed, what is wrong inside the one that was meant says more than "none of these". */
function deepest(issue: v.BaseIssue<unknown>): { issue: v.BaseIssue<unknown>; path: unknown[] } {
  const path = issue.path?.map((item) => item.key) ?? []
  const inside = issue.issues?.find((sub) => sub.path !== undefined)
  if (inside === undefined) return { issue, path }
  const found = deepest(inside)
  return { issue: found.issue, path: [...path, ...found.path] }
}

// The type and not the value: what a caller sends may be private, and this message may be logged.
function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (isLongInteger(value)) return 'an integer beyond 2^53'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
