import * as v from 'valibot'
import type { Failure } from '@paceline/core'
import { problemOf } from '../../account/problem-of.ts'
import type { FinishReason, Usage } from '../conversation.ts'
import { withoutOurWords } from '../our-words.ts'
import { parseJson } from '../parse-json.ts'
import type { Part, RawEvent, StreamEvent } from '../part.ts'
import { writeEvent } from '../sse.ts'
import type { Account, StreamEncoder } from '../wire.ts'
import { encodeAnthropicProblem } from './problem.ts'
import { spellStop, spellUsage } from './stop-reason.ts'

type BlockKind = 'text' | 'thinking' | 'tool_use'

/**
 * Writes Messages events: content in numbered blocks, one open at a time. `message_stop` closes the stream and
 * carries the account.
 */
export class AnthropicStreamEncoder implements StreamEncoder {
  #blocks = 0
  #open: string | null = null
  /** Tool call index → its block. */
  readonly #blockOf = new Map<number, number>()
  /** What was last passed on of the content as it came. */
  #lastBlock: RawEvent | null = null
  #finish: FinishReason | null = null
  #usage: Usage | null = null

  encode(event: StreamEvent): string {
    if (event.raw !== null) {
      if (event.raw.event.startsWith('content_block')) this.#lastBlock = event.raw
      return event.parts.some((part) => part.kind === 'done') ? '' : writeEvent(withoutOurWords(event.raw))
    }
    if (this.#lastBlock !== null) this.#goOnAfter(this.#lastBlock)
    return event.parts.map((part) => this.#encodePart(part)).join('')
  }

  /** Takes up the numbering of a stream that went by in its own spelling until now. */
  #goOnAfter({ data }: RawEvent): void {
    this.#lastBlock = null
    const json = parseJson(data)
    const parsed = v.safeParse(blockEventSchema, json.ok ? json.value : null)
    if (!parsed.success) return
    const { type, index, content_block: block, delta } = parsed.output
    const kind = block?.type ?? BLOCK_OF_DELTA[delta?.type ?? ''] ?? null
    this.#open = type === 'content_block_stop' ? null : kind
    this.#blocks = type === 'content_block_stop' ? index + 1 : index
  }

  #encodePart(part: Part): string {
    switch (part.kind) {
      case 'start':
        return writeTyped('message_start', {
          message: {
            id: part.id,
            type: 'message',
            role: 'assistant',
            model: part.model,
            content: [],
            stop_reason: null,
            stop_sequence: null,
            usage: spellUsage(null),
          },
        })
      case 'text':
        return (
          this.#into('text', { type: 'text', text: '' }) +
          this.#delta({ type: 'text_delta', text: part.text })
        )
      case 'reasoning':
        return (
          this.#into('thinking', { type: 'thinking', thinking: '', signature: '' }) +
          this.#delta({ type: 'thinking_delta', thinking: part.text })
        )
      case 'tool-call': {
        const start = this.#into('tool_use', { type: 'tool_use', id: part.id, name: part.name, input: {} })
        this.#blockOf.set(part.index, this.#blocks)
        return start
      }
      case 'tool-input':
        // Input that comes late still belongs to its own block: clients collect it by number, open or not.
        return this.#delta(
          { type: 'input_json_delta', partial_json: part.json },
          this.#blockOf.get(part.index) ?? this.#blocks,
        )
      case 'usage':
        this.#usage = part.usage
        return ''
      case 'finish':
        this.#finish = part.reason
        return ''
      case 'restart':
        this.#blocks = 0
        this.#open = null
        this.#blockOf.clear()
        this.#lastBlock = null
        this.#finish = null
        this.#usage = null
        return writeTyped('paceline_restart', {})
      case 'other':
      case 'error':
      case 'done':
        return ''
    }
  }

  complete(account: Account): string {
    const end =
      this.#finish === null
        ? ''
        : this.#close() +
          writeTyped('message_delta', {
            delta: { stop_reason: spellStop(this.#finish), stop_sequence: null },
            usage: spellUsage(this.#usage),
          })
    return end + writeTyped('message_stop', { paceline: account })
  }

  incomplete(failure: Failure, account: Account): string {
    return writeTyped('error', { ...encodeAnthropicProblem(problemOf(failure)), paceline: account })
  }

  #into(kind: BlockKind, block: object): string {
    if (this.#open === kind && kind !== 'tool_use') return ''
    const closed = this.#close()
    this.#open = kind
    return closed + writeTyped('content_block_start', { index: this.#blocks, content_block: block })
  }

  #delta(delta: object, index = this.#blocks): string {
    return writeTyped('content_block_delta', { index, delta })
  }

  #close(): string {
    if (this.#open === null) return ''
    this.#open = null
    this.#blocks += 1
    return writeTyped('content_block_stop', { index: this.#blocks - 1 })
  }
}

const blockEventSchema = v.object({
  type: v.string(),
  index: v.number(),
  content_block: v.optional(v.object({ type: v.string() })),
  delta: v.optional(v.object({ type: v.string() })),
})

const BLOCK_OF_DELTA: Readonly<Record<string, BlockKind>> = {
  text_delta: 'text',
  thinking_delta: 'thinking',
  signature_delta: 'thinking',
  input_json_delta: 'tool_use',
}

const writeTyped = (type: string, fields: object): string =>
  writeEvent({ event: type, data: JSON.stringify({ type, ...fields }) })
