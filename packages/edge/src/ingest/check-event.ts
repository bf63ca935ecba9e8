import { eventSchema, maySend, type PacelineEvent, type Sender, type Verdict } from '@paceline/core'
import * as v from 'valibot'
import { countUnknown } from './count-unknown.ts'

export type Checked =
  | { readonly ok: true; readonly event: PacelineEvent; readonly unknownFields: number }
  | { readonly ok: false; readonly verdict: Verdict }

/**
 * One event as far as it is understood, with everything else taken off; or why it never will be. Reasons are made of
 * our own words and never quote what was sent.
 */
export function checkEvent(sent: unknown, sender: Sender): Checked {
  const parsed = v.safeParse(eventSchema, sent, { abortPipeEarly: true })
  const id = idOf(sent)
  if (!parsed.success) return refused(id, parsed.issues.slice(0, MOST_FAULTS).map(fault).join('; '))
  const event = parsed.output
  if (!maySend(sender, event)) return refused(id, FOREIGN[sender])
  return { ok: true, event, unknownFields: countUnknown(sent, event) }
}

const MOST_FAULTS = 3

const FOREIGN: Readonly<Record<Sender, string>> = {
  browser: 'a publishable key may send browser events only, from a source that begins with /browser/',
  server: 'a secret key may send server events only, from a source that begins with /server/',
}

const refused = (id: string | null, reason: string): Checked => ({
  ok: false,
  verdict: { id, verdict: 'refused', reason },
})

/** The id, where it is one: anything else may be text that must not come back. */
function idOf(sent: unknown): string | null {
  const id = typeof sent === 'object' && sent !== null && 'id' in sent ? sent.id : null
  return typeof id === 'string' && /^[\w.:-]{1,64}$/.test(id) ? id : null
}

function fault(issue: v.BaseIssue<unknown>): string {
  // Only names that the schema knows lead to an issue; what a sender made up is stripped without one.
  const field = issue.path?.map(({ key }) => String(key)).join('.') ?? 'the event'
  if (issue.input === undefined) return `${field} is missing`
  return `${field} must be ${expected(issue)}`
}

/** Our own messages say what is expected; valibot's default ones begin with "Invalid" and quote what they got. */
function expected({ type, message, expected: form }: v.BaseIssue<unknown>): string {
  if (!message.startsWith('Invalid')) return message
  if (type === 'regex' || form === null) return 'of another form'
  return WORDS[form] ?? form
}

const WORDS: Readonly<Record<string, string>> = {
  Object: 'an object',
  Array: 'a list',
  string: 'a text',
  number: 'a number',
}
