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
    if (!chunk.success) return [{ kind: 'error', failure: malformed('stream', 'an event is no chunk') }]
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
    const text = delta?.content ?? delta?.refusal
    if (text) parts.push({ kind: 'text', text })
    for (const call of delta?.tool_calls ?? []) this.#decodeToolCall(call, parts)
    if (finish === null || finish === undefined) return
    this.#finished.add(index)
    if (this.#finished.size === this.#choices) parts.push({ kind: 'finish', reason: readFinish(finish) })
  }

  // Some servers number every call 0; a name opens a new call whatever its index says.
  #decodeToolCall(call: ToolCallDelta, parts: Part[]): void {
    if (call.function?.name) {
      const index = this.#calls
      this.#calls += 1
      parts.push({ kind: 'tool-call', index, id: call.id ?? `call_${index}`, name: call.function.name })
    }
    if (call.function?.arguments) {
      parts.push({ kind: 'tool-input', index: Math.max(this.#calls - 1, 0), json: call.function.arguments })
    }
  }
}
