import * as v from 'valibot'
import type { Step } from '../script/script.ts'
import { defineFault } from './define-fault.ts'
import { countSchema, modifiers, positiveCountSchema } from './modifiers.ts'
import { mapHead } from './script-position.ts'

/** Ends the lines of server-sent events with CRLF or with CR alone. */
export const lineEnds = defineFault({
  schema: v.strictObject({ kind: v.literal('line-ends'), end: v.picklist(['crlf', 'cr']), ...modifiers }),
  positional: ['end'],
  rewrite: (script, { end }) => ({ ...script, lineEnd: end === 'cr' ? '\r' : '\r\n' }),
})

/**
 * Cuts the body's bytes into pieces of `bytes`, or in two at byte `at`, wherever that falls. Each piece is an HTTP
 * chunk (when streamed) and a TCP write of its own.
 */
export const split = defineFault({
  schema: v.pipe(
    v.strictObject({
      kind: v.literal('split'),
      bytes: v.optional(positiveCountSchema),
      at: v.optional(positiveCountSchema),
      ...modifiers,
    }),
    v.check(
      ({ bytes, at }) => bytes !== undefined || at !== undefined,
      'Give bytes (the size of each piece) or at (where to cut once).',
    ),
  ),
  positional: ['bytes'],
  rewrite: (script, { bytes, at }) => ({ ...script, split: { pieceBytes: bytes ?? null, at: at ?? null } }),
})

/** Says `content-encoding`, and either compresses the body or lies about it (`plain`). */
export const contentEncoding = defineFault({
  schema: v.strictObject({
    kind: v.literal('content-encoding'),
    encoding: v.optional(v.picklist(['gzip', 'deflate', 'br']), 'gzip'),
    body: v.optional(v.picklist(['compressed', 'plain']), 'plain'),
    ...modifiers,
  }),
  positional: ['encoding', 'body'],
  rewrite(script, { encoding, body }) {
    const named = mapHead(script, (head) => ({
      ...head,
      headers: { ...head.headers, 'content-encoding': encoding },
    }))
    return body === 'plain' ? named : { ...named, compression: encoding }
  },
})

/** Makes one token's event at least so many bytes long, by padding its JSON with white space. */
export const hugeEvent = defineFault({
  schema: v.strictObject({
    kind: v.literal('huge-event'),
    bytes: v.pipe(positiveCountSchema, v.maxValue(64 * 1024 * 1024)),
    afterTokens: v.optional(countSchema, 0),
    ...modifiers,
  }),
  positional: ['bytes', 'afterTokens'],
  rewrite(script, { bytes, afterTokens }) {
    let seen = 0
    const steps = script.steps.map((step): Step => {
      if (step.do !== 'event' || step.part !== 'token') return step
      seen += 1
      return seen === afterTokens + 1
        ? { ...step, data: step.data.replace(/\}$/, `${' '.repeat(bytes)}}`) }
        : step
    })
    return { ...script, steps }
  },
})

const objectSchema = v.record(v.string(), v.unknown())

/** Reports usage in the chunk with the finish reason, as many OpenAI-compatible providers do. OpenAI streams only. */
export const usageInLastChunk = defineFault({
  schema: v.strictObject({ kind: v.literal('usage-in-last-chunk'), ...modifiers }),
  positional: [],
  appliesTo: ({ wire, prompt }) => wire.id === 'openai' && prompt.stream && prompt.includeUsage,
  rewrite(script) {
    const usage = script.steps.find((step) => step.do === 'event' && step.part === 'usage')
    if (usage?.do !== 'event') return script
    const { usage: figures } = v.parse(objectSchema, JSON.parse(usage.data))
    const steps: Step[] = []
    for (const step of script.steps) {
      if (step === usage) continue
      if (step.do !== 'event' || step.part !== 'finish') steps.push(step)
      else
        steps.push({
          ...step,
          data: JSON.stringify({ ...v.parse(objectSchema, JSON.parse(step.data)), usage: figures }),
        })
    }
    return { ...script, steps }
  },
})
