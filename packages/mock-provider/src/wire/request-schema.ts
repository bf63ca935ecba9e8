import * as v from 'valibot'

/** Any JSON object. */
export const objectSchema = v.record(v.string(), v.unknown())

/** The texts of a content list, joined; other parts (images, documents) say nothing here. */
export function joinTexts(parts: readonly { readonly text?: string | undefined }[]): string {
  return parts.map((part) => part.text ?? '').join('')
}

/** Says what is wrong and where, e.g. "messages.0.role: Invalid type: Expected …". */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue)
  return path === null ? issue.message : `${path}: ${issue.message}`
}
