import * as v from 'valibot'
import { malformed } from '../classify.ts'
import { parseJson } from '../parse-json.ts'
import type { Part, RawEvent } from '../part.ts'
import type { StreamDecoder } from '../wire.ts'
import { parseOpenAiError } from './answer.ts'
import { readFinish, readUsage } from './finish-reason.ts'
import { chunkSchema, errorSchema } from './schema.ts'

type Chunk = v.InferOutput<typeof chunkSchema>
type Choice = Chunk['choices'][number]
type ToolCallDelta = NonNullable<NonNullable<Choice['delta']>['tool_calls']>[number]

/** Reads Chat Completions chunks. */
export class OpenAiStreamDecoder implements StreamDecoder {
  readonly #choices: number
  readonly #finished = new Set<number>()
  #started = false
  #calls = 0
  /** The index that a provider gives a call → ours. */
  readonly #callAt = new Map<number, number>()

  /** @param choices how many answers were asked for; the stream is finished when each of them is */
  constructor(choices: number) {
    this.#choices = choices
  }

  decode(event: RawEvent): readonly Part[] {
    if (event.data === '[DONE]') return [{ kind: 'done' }]
    const json = parseJson(event.data)
    if (!json.ok) return [{ kind: 'error', failure: malformed('stream', 'an event is no JSON') }]
    if (event.event === 'error' || v.is(errorSchema, json.value)) {
      return [{ kind: 'error', failure: parseOpenAiError(null, json.value, 'stream') }]
    }
    const chunk = v.safeParse(chunkSchema, json.value)
    // To the schema a list is an object without any of the fields, all of which may be left out.
    if (!chunk.success || Array.isArray(json.value))
      return [{ kind: 'error', failure: malformed('stream', 'an event is no chunk') }]
    return this.#decodeChunk(chunk.output)
  }

  #decodeChunk(chunk: Chunk): readonly Part[] {
    const parts: Part[] = []
    if (!this.#started) {
      this.#started = true
      parts.push({ kind: 'start', id: chunk.id, model: chunk.model })
    }
    for (const choice of chunk.choices) this.#decodeChoice(choice, parts)
    if (chunk.usage) parts.push({ kind: 'usage', usage: readUsage(chunk.usage) })
    return parts
  }

  #decodeChoice({ index, delta, finish_reason: finish }: Choice, parts: Part[]): void {
    const reasoning = delta?.reasoning_content ?? delta?.reasoning
    if (reasoning) parts.push({ kind: 'reasoning', text: reasoning })
    const text = delta?.content || delta?.refusal
    if (text) parts.push({ kind: 'text', text })
    for (const call of delta?.tool_calls ?? []) this.#decodeToolCall(call, parts)
    if (finish === null || finish === undefined || this.#finished.has(index)) return
    this.#finished.add(index)
    if (this.#finished.size === this.#choices) parts.push({ kind: 'finish', reason: readFinish(finish) })
  }

  // Some servers number every call 0, others not at all: a name opens a new call whatever its index says.
  #decodeToolCall({ index: given, id, function: called }: ToolCallDelta, parts: Part[]): void {
    if (called?.name) {
      const index = this.#calls
      this.#calls += 1
      this.#callAt.set(given ?? index, index)
      parts.push({ kind: 'tool-call', index, id: id ?? `call_${index}`, name: called.name })
    }
    if (!called?.arguments) return
    const index = this.#callAt.get(given ?? -1) ?? this.#calls - 1
    parts.push(
      index < 0
        ? { kind: 'error', failure: malformed('stream', 'tool input came before its call') }
        : { kind: 'tool-input', index, json: called.arguments },
    )
  }
}
