import * as v from 'valibot'
import { callIds } from '../call-id.ts'
import type { FinishReason } from '../conversation.ts'
import { usageSchema } from '../openai/schema.ts'

const toolCall = v.looseObject({
  name: v.nullish(v.string()),
  arguments: v.optional(v.unknown()),
  function: v.optional(v.unknown()),
})

/** An answer, or an event of a stream, in the shape of Workers AI's own. */
const nativeSchema = v.looseObject({
  /** Text; an object where a JSON schema was asked for. */
  response: v.optional(v.unknown()),
  tool_calls: v.nullish(v.array(toolCall)),
  usage: v.fallback(v.nullish(usageSchema), null),
})

/** Newer models answer in OpenAI's shape, which has choices. */
const isNative = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Object.hasOwn(value, 'choices') &&
  ['response', 'tool_calls', 'usage'].some((field) => Object.hasOwn(value, field))

/** What was said in Workers AI's own shape, in OpenAI's. */
export interface NativeAnswer {
  /** A message, or what a chunk adds to one. */
  readonly message: object
  readonly hasCalls: boolean
  readonly usage: v.InferOutput<typeof usageSchema> | null
}

/** Reads the answers of one call. */
export class NativeReader {
  readonly #idOf = callIds('')
  #calls = 0

  /** @returns null for what is in another shape */
  read(value: unknown): NativeAnswer | 'broken' | null {
    if (!isNative(value)) return null
    const parsed = v.safeParse(nativeSchema, value)
    if (!parsed.success) return 'broken'
    const { response, tool_calls: calls, usage } = parsed.output
    return {
      message: {
        role: 'assistant',
        content: spell(response ?? ''),
        ...(calls ? { tool_calls: calls.map((call) => this.#readCall(call)) } : {}),
      },
      hasCalls: (calls?.length ?? 0) > 0,
      usage: usage ?? null,
    }
  }

  // Calls come whole and without an id; some models stream them in pieces, as OpenAI does.
  #readCall(call: v.InferOutput<typeof toolCall>): unknown {
    if (call.function !== undefined) return call
    const index = this.#calls
    this.#calls += 1
    return {
      index,
      id: this.#idOf(index),
      type: 'function',
      function: { name: call.name ?? '', arguments: spell(call.arguments ?? {}) },
    }
  }
}

const spell = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/**
 * How an answer ended, in a shape that does not say it: it was cut off where it has as many tokens as were asked for
 * at most.
 */
export function finishOf(hasCalls: boolean, outputTokens: number | null, limit: number | null): FinishReason {
  if (limit !== null && outputTokens !== null && outputTokens >= limit) return 'length'
  return hasCalls ? 'tool-calls' : 'stop'
}
