import * as v from 'valibot'
import { callIds } from '../call-id.ts'
import { gaveUp, malformed } from '../classify.ts'
import type { FinishReason } from '../conversation.ts'
import { parseJson } from '../parse-json.ts'
import { isOutput, type Part, type RawEvent } from '../part.ts'
import type { StreamDecoder } from '../wire.ts'
import { parseOpenAiError } from './answer.ts'
import { readFinish, readUsage } from './finish-reason.ts'
import { readContent } from './read-content.ts'
import { chunkSchema, errorSchema } from './schema.ts'

type Chunk = v.InferOutput<typeof chunkSchema>
type Choice = NonNullable<Chunk['choices']>[number]
type ToolCallDelta = NonNullable<NonNullable<Choice['delta']>['tool_calls']>[number]

/** Reads Chat Completions chunks. */
export class OpenAiStreamDecoder implements StreamDecoder {
  readonly #choices: number
  readonly #seen = new Set<number>()
  readonly #finished = new Map<number, FinishReason>()
  /** Null until the first chunk has told the answer's id. */
  #idOf: ((index: number) => string) | null = null
  #calls = 0
  /** The choice and the index that a provider gives a call → ours. */
  readonly #callAt = new Map<string, { readonly index: number; readonly id: string; readonly name: string }>()
  /** Choice → its newest call, to which input without an index belongs. */
  readonly #newest = new Map<number, number>()

  /** @param choices how many answers were asked for; the stream is finished when each of them is */
  constructor(choices: number) {
    this.#choices = choices
  }

  decode(event: RawEvent): readonly Part[] {
    if (event.data === '[DONE]') return this.#decodeDone()
    const json = parseJson(event.data)
    if (!json.ok) return [{ kind: 'error', failure: malformed('stream', 'an event is no JSON') }]
    if (event.event === 'error' || v.is(errorSchema, json.value)) {
      return [{ kind: 'error', failure: parseOpenAiError(null, json.value, 'stream') }]
    }
    return this.read(json.value)
  }

  /** @param value one chunk */
  read(value: unknown): readonly Part[] {
    const chunk = v.safeParse(chunkSchema, value)
    // To the schema a list is an object without any of the fields, all of which may be left out.
    if (!chunk.success || Array.isArray(value))
      return [{ kind: 'error', failure: malformed('stream', 'an event is no chunk') }]
    return this.#decodeChunk(chunk.output)
  }

  #decodeChunk(chunk: Chunk): readonly Part[] {
    const parts: Part[] = []
    if (this.#idOf === null) {
      this.#idOf = callIds(chunk.id ?? '')
      parts.push({ kind: 'start', id: chunk.id ?? '', model: chunk.model ?? '' })
    }
    for (const choice of chunk.choices ?? []) parts.push(...this.#decodeChoice(choice))
    if (chunk.usage) parts.push({ kind: 'usage', usage: readUsage(chunk.usage) })
    return parts
  }

  #decodeChoice({ index, delta, finish_reason: finish }: Choice): readonly Part[] {
    const parts: Part[] = []
    const reasoning = delta?.reasoning_content ?? delta?.reasoning
    if (reasoning) parts.push({ kind: 'reasoning', text: reasoning })
    const { thinking, text } = readContent(delta?.content)
    if (thinking !== '') parts.push({ kind: 'reasoning', text: thinking })
    const words = text || delta?.refusal
    if (words) parts.push({ kind: 'text', text: words })
    for (const call of delta?.tool_calls ?? []) this.#decodeToolCall(index, call, parts)
    if (delta?.function_call || delta?.audio) parts.push({ kind: 'other' })
    this.#seen.add(index)
    // Words after a finish marker take it back: some servers put one on every chunk.
    if (parts.some(isOutput)) this.#finished.delete(index)
    // Some servers send '' for "not yet".
    if (!finish || this.#finished.has(index)) return parts
    const reason = readFinish(finish)
    if (reason === 'failed') {
      parts.push({ kind: 'error', failure: gaveUp('stream') })
      return parts
    }
    this.#finished.set(index, reason)
    if (this.#finished.size === this.#choices) parts.push({ kind: 'finish', reason })
    return parts
  }

  // Servers that ignore `n` give one answer, which is finished all the same.
  #decodeDone(): readonly Part[] {
    const [first] = this.#finished.values()
    const fewer = this.#finished.size < this.#choices && this.#finished.size === this.#seen.size
    return first !== undefined && fewer
      ? [{ kind: 'finish', reason: first }, { kind: 'done' }]
      : [{ kind: 'done' }]
  }

  // Some servers number every call 0, others not at all, and some repeat the name with each piece of input.
  #decodeToolCall(
    choice: number,
    { index: given, id, function: called }: ToolCallDelta,
    parts: Part[],
  ): void {
    const place = (index: number | null | undefined): string => `${choice} ${index ?? ''}`
    const known = this.#callAt.get(place(given))
    const goesOn =
      known !== undefined && (!id || id === known.id) && (!called?.name || called.name === known.name)
    if (called?.name && !goesOn) {
      const index = this.#calls
      const call = { index, id: id || (this.#idOf?.(index) ?? ''), name: called.name }
      this.#calls += 1
      this.#callAt.set(place(given ?? call.index), call)
      this.#newest.set(choice, call.index)
      parts.push({ kind: 'tool-call', ...call })
    }
    if (!called?.arguments) return
    const index = this.#callAt.get(place(given))?.index ?? this.#newest.get(choice)
    parts.push(
      index === undefined
        ? { kind: 'error', failure: malformed('stream', 'tool input came before its call') }
        : { kind: 'tool-input', index, json: called.arguments },
    )
  }
}
