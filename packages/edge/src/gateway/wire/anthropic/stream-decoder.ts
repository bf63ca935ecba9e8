import * as v from 'valibot'
import { malformed } from '../classify.ts'
import type { Usage } from '../conversation.ts'
import { parseJson } from '../parse-json.ts'
import type { Part, RawEvent } from '../part.ts'
import type { StreamDecoder } from '../wire.ts'
import { parseAnthropicError } from './answer.ts'
import { eventSchema } from './schema.ts'
import { readStop, readUsage } from './stop-reason.ts'

type Event = v.InferOutput<typeof eventSchema>

/** Reads the events of a Messages stream. */
export class AnthropicStreamDecoder implements StreamDecoder {
  /** Block index → tool call index. */
  readonly #calls = new Map<number, number>()
  #input: Usage | null = null

  decode(event: RawEvent): readonly Part[] {
    const json = parseJson(event.data)
    if (!json.ok) return [{ kind: 'error', failure: malformed('stream', 'an event is no JSON') }]
    const parsed = v.safeParse(eventSchema, json.value)
    if (!parsed.success) return [{ kind: 'error', failure: malformed('stream', 'an event has no type') }]
    return this.#decodeEvent(parsed.output)
  }

  #decodeEvent(event: Event): readonly Part[] {
    switch (event.type) {
      case 'message_start':
        this.#input = event.message?.usage ? readUsage(event.message.usage) : null
        return [{ kind: 'start', id: event.message?.id ?? '', model: event.message?.model ?? '' }]
      case 'content_block_start':
        return this.#startBlock(event)
      case 'content_block_delta':
        return this.#readDelta(event)
      case 'message_delta':
        return this.#readEnd(event)
      case 'message_stop':
        return [{ kind: 'done' }]
      case 'error':
        return [{ kind: 'error', failure: parseAnthropicError(null, event, 'stream') }]
      default:
        return []
    }
  }

  #startBlock({ index, content_block: block }: Event): readonly Part[] {
    if (block?.type === 'tool_use') {
      const call = this.#calls.size
      this.#calls.set(index, call)
      const opened = { kind: 'tool-call', index: call, id: block.id ?? '', name: block.name ?? '' } as const
      // Anthropic itself starts every call empty; servers that imitate it may send all of it at once.
      const json = JSON.stringify(block.input ?? {})
      return json === '{}' ? [opened] : [opened, { kind: 'tool-input', index: call, json }]
    }
    if (block?.text) return [{ kind: 'text', text: block.text }]
    if (block?.thinking) return [{ kind: 'reasoning', text: block.thinking }]
    return block === undefined || PLAIN_BLOCKS.has(block.type) ? [] : [{ kind: 'other' }]
  }

  #readDelta({ index, delta }: Event): readonly Part[] {
    if (delta?.text) return [{ kind: 'text', text: delta.text }]
    if (delta?.thinking) return [{ kind: 'reasoning', text: delta.thinking }]
    const call = this.#calls.get(index)
    if (delta?.partial_json && call !== undefined) {
      return [{ kind: 'tool-input', index: call, json: delta.partial_json }]
    }
    const empty = delta === undefined || (EMPTY_DELTAS.has(delta.type ?? '') && !delta.partial_json)
    return empty ? [] : [{ kind: 'other' }]
  }

  // Input is counted at the start, output at the end; some servers repeat the input there.
  #readEnd({ delta, usage }: Event): readonly Part[] {
    const parts: Part[] = []
    if (usage) {
      const end = readUsage(usage)
      const input = end.inputTokens > 0 ? end : (this.#input ?? end)
      parts.push({ kind: 'usage', usage: { ...input, outputTokens: end.outputTokens } })
    }
    if (delta?.stop_reason) parts.push({ kind: 'finish', reason: readStop(delta.stop_reason) })
    return parts
  }
}

/** Blocks that say nothing by being opened. */
const PLAIN_BLOCKS = new Set(['text', 'thinking', 'tool_use'])
/** Deltas that say nothing when they carry nothing. */
const EMPTY_DELTAS = new Set(['', 'text_delta', 'thinking_delta', 'input_json_delta'])
