import * as v from 'valibot'
import type { Answer, Source } from '../call.ts'
import { truncated } from '../wire/classify.ts'
import { parseJson } from '../wire/parse-json.ts'
import type { PartGenerator, StreamEvent } from '../wire/part.ts'
import { readEvent, weightOfText } from './event-text.ts'

const instant = v.pipe(v.number(), v.minValue(0))

const storedAnswerSchema = v.strictObject({
  provider: v.string(),
  model: v.string(),
  askedAt: instant,
  givenAt: instant,
  body: v.variant('kind', [
    v.strictObject({ kind: v.literal('whole'), text: v.string() }),
    v.strictObject({ kind: v.literal('stream'), events: v.pipe(v.array(v.string()), v.check(isWhole)) }),
  ]),
})

/** A whole answer as it is kept: in the caller's own format, or a text for each event of its stream. */
export interface StoredAnswer {
  /** Who gave it, by the ids of the configuration. */
  readonly provider: string
  readonly model: string
  /** When the provider was asked for it, in epoch milliseconds; what was asked before a purge is gone. */
  readonly askedAt: number
  /** When it was complete; its age counts from here. */
  readonly givenAt: number
  readonly body:
    | { readonly kind: 'whole'; readonly text: string }
    | { readonly kind: 'stream'; readonly events: readonly string[] }
}

export const spellAnswer = (answer: StoredAnswer): string => JSON.stringify(answer)

/** @returns null for what is no stored answer, whoever wrote it */
export function readAnswer(text: string): StoredAnswer | null {
  const json = parseJson(text)
  if (!json.ok) return null
  const parsed = v.safeParse(storedAnswerSchema, json.value)
  return parsed.success ? parsed.output : null
}

/** Whether events are events, and the stream that they make has come to its end. */
function isWhole(events: string[]): boolean {
  const parts = events.map((event) => readEvent(event))
  return (
    !parts.includes(null) &&
    parts.some((event) => event?.some((part) => part.kind === 'finish' && part.reason === 'stop') === true)
  )
}

/** The stored answer as the answer to a call. */
export function replay(stored: StoredAnswer, answer: 'cached' | 'stale', now: number): Answer {
  const { provider, model, body } = stored
  const source: Source = { provider, model, answer, ageMs: Math.max(0, now - stored.givenAt) }
  if (body.kind === 'whole') return { kind: 'whole', source, text: body.text, isPlain: true }
  return { kind: 'stream', source, events: replayEvents(body.events), leave: () => undefined }
}

/** So many at a time are spelled: a slow reader must not make the whole answer be spelled out for it at once. */
const EVENTS_AT_ONCE = 64

// Async because streams are, though nothing in it has to be waited for.
async function* replayEvents(events: readonly string[]): PartGenerator {
  for (let from = 0; from < events.length; from += EVENTS_AT_ONCE) {
    yield events.slice(from, from + EVENTS_AT_ONCE).map((event) => toStreamEvent(event))
  }
}

/** An event that can't be read is a break: without its words the answer would pass for whole. */
export const toStreamEvent = (event: string): StreamEvent => ({
  raw: null,
  parts: readEvent(event) ?? [{ kind: 'error', failure: truncated('stream') }],
})

/** About how many bytes of memory an answer takes. */
export const weightOf = ({ body }: StoredAnswer): number =>
  body.kind === 'whole'
    ? weightOfText(body.text)
    : body.events.reduce((sum, event) => sum + weightOfText(event), 0)
