import * as v from 'valibot'
import { parseJson } from '../wire/parse-json.ts'
import type { PlainPart } from '../wire/replayable.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

const partsSchema = v.array(
  v.variant('kind', [
    v.strictObject({ kind: v.literal('start'), id: v.string(), model: v.string() }),
    v.strictObject({ kind: v.literal('text'), text: v.string() }),
    v.strictObject({ kind: v.literal('reasoning'), text: v.string() }),
    v.strictObject({
      kind: v.literal('usage'),
      usage: v.strictObject({ inputTokens: count, outputTokens: count, cachedInputTokens: count }),
    }),
    v.strictObject({
      kind: v.literal('finish'),
      reason: v.picklist(['stop', 'length', 'tool-calls', 'content-filter']),
    }),
    v.strictObject({ kind: v.literal('done') }),
  ]),
)

/**
 * The parts of one event as a text. Most events are a word or two, and as objects they would take some five times the
 * memory: those are their words behind one letter, all others JSON.
 */
export function spellEvent(parts: readonly PlainPart[]): string {
  const [only, ...others] = parts
  if (others.length === 0 && only?.kind === 'text') return `t${only.text}`
  if (others.length === 0 && only?.kind === 'reasoning') return `r${only.text}`
  return JSON.stringify(parts)
}

/** @returns null for what is no such text */
export function readEvent(text: string): readonly PlainPart[] | null {
  if (text.startsWith('t')) return [{ kind: 'text', text: text.slice(1) }]
  if (text.startsWith('r')) return [{ kind: 'reasoning', text: text.slice(1) }]
  const json = parseJson(text)
  const parsed = json.ok ? v.safeParse(partsSchema, json.value) : null
  return parsed?.success === true ? parsed.output : null
}

/** About how many bytes of memory a text takes: two for each character as soon as one of them needs it. */
export const weightOfText = (text: string): number => STRING_BYTES + text.length * 2

const STRING_BYTES = 16
