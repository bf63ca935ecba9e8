import type { Failure } from '@paceline/core'
import { problemOf } from '../../account/problem-of.ts'
import type { ChatRequest, FinishReason, Usage } from '../conversation.ts'
import { withoutOurWords } from '../our-words.ts'
import { parseJson } from '../parse-json.ts'
import { isOutput, type Part, type RawEvent, type StreamEvent } from '../part.ts'
import { writeEvent } from '../sse.ts'
import type { Account, StreamEncoder } from '../wire.ts'
import { spellFinish, spellUsage } from './finish-reason.ts'
import { encodeOpenAiProblem } from './problem.ts'

/** Far more than any stream has after its finish marker: a provider that goes on for ever must not fill the memory. */
const MOST_HELD = 1_000

/**
 * Writes Chat Completions chunks. The chunk with the finish marker, and the token counts after it, are held back
 * until the stream has proven whole: the last one of them carries the account.
 */
export class OpenAiStreamEncoder implements StreamEncoder {
  readonly #includeUsage: boolean
  readonly #created = Math.floor(Date.now() / 1000)
  #id = ''
  #model = ''
  #held: unknown[] = []
  #usage: Usage | null = null

  constructor(request: ChatRequest) {
    this.#includeUsage = request.includeUsage
  }

  encode(event: StreamEvent): string {
    if (event.raw !== null) return this.#pass(event.parts, event.raw)
    // A finish marker that was not the end after all; only an answer that goes on elsewhere comes here.
    const outdated = this.#held.length > 0 && event.parts.some(isOutput) ? this.#releaseWords() : ''
    return event.parts.reduce((text, part) => text + this.#encodePart(part), outdated)
  }

  #pass(parts: readonly Part[], raw: RawEvent): string {
    const own = withoutOurWords(raw)
    // Should another provider go on with the answer, it goes on under the name that it began with.
    for (const part of parts) if (part.kind === 'start') this.#begin(part)
    if (parts.some((part) => part.kind === 'done')) return ''
    const outdated = parts.some(isOutput) ? this.#release() : ''
    if (this.#held.length === 0 && !parts.some((part) => part.kind === 'finish'))
      return outdated + writeEvent(own)
    const json = parseJson(own.data)
    if (json.ok && this.#held.length < MOST_HELD) this.#held.push(json.value)
    return outdated
  }

  #encodePart(part: Part): string {
    switch (part.kind) {
      case 'start':
        this.#begin(part)
        return this.#chunk({ role: 'assistant', content: '' })
      case 'text':
        return this.#chunk({ content: part.text })
      case 'reasoning':
        return this.#chunk({ reasoning_content: part.text })
      case 'tool-call': {
        const call = { id: part.id, type: 'function', function: { name: part.name, arguments: '' } }
        return this.#chunk({ tool_calls: [{ index: part.index, ...call }] })
      }
      case 'tool-input':
        return this.#chunk({ tool_calls: [{ index: part.index, function: { arguments: part.json } }] })
      case 'usage':
        this.#usage = part.usage
        return ''
      case 'finish':
        this.#held = [this.#body({}, part.reason)]
        return ''
      case 'restart':
        this.#held = []
        this.#usage = null
        return writeJson({ ...this.#body({}, null), choices: [], paceline: { restart: true } })
      case 'other':
      case 'error':
      case 'done':
        return ''
    }
  }

  #begin({ id, model }: { readonly id: string; readonly model: string }): void {
    // OpenAI's client overlooks the token counts of chunks that have no id.
    this.#id = id || `chatcmpl-${crypto.randomUUID()}`
    this.#model = model
  }

  /** The words of chunks that were held, without the finish marker that turned out to be wrong. */
  #releaseWords(): string {
    const said = this.#held.flatMap((chunk) => {
      const { choices = [] } = chunk as { choices?: readonly { readonly delta?: object }[] }
      const worded = choices.filter(({ delta }) => Object.keys(delta ?? {}).length > 0)
      if (worded.length === 0) return []
      return [
        {
          ...(chunk as object),
          choices: worded.map((choice) => Object.assign({}, choice, { finish_reason: null })),
        },
      ]
    })
    this.#held = []
    return said.map((chunk) => writeJson(chunk)).join('')
  }

  /** What was held for the end, when the end has not come after all. */
  #release(): string {
    const text = this.#held.map((chunk) => writeJson(chunk)).join('')
    this.#held = []
    return text
  }

  complete(account: Account): string {
    if (this.#usage !== null && this.#includeUsage) {
      this.#held.push({ ...this.#body({}, null), choices: [], usage: spellUsage(this.#usage) })
    }
    // Where nothing was held (a server that ignored `n`), the account gets a chunk of its own.
    if (this.#held.length === 0) this.#held.push({ ...this.#body({}, null), choices: [] })
    const last = this.#held.length - 1
    const chunks = this.#held.map((chunk, index) =>
      index === last ? { ...(chunk as object), paceline: account } : chunk,
    )
    return `${chunks.map((chunk) => writeJson(chunk)).join('')}data: [DONE]\n\n`
  }

  // No [DONE]: for clients that look for nothing else, it would say that the answer is whole.
  incomplete(failure: Failure, account: Account): string {
    return this.#releaseWords() + writeJson({ ...encodeOpenAiProblem(problemOf(failure)), paceline: account })
  }

  #chunk(delta: unknown): string {
    return writeJson(this.#body(delta, null))
  }

  #body(delta: unknown, finish: FinishReason | null): object {
    return {
      id: this.#id,
      object: 'chat.completion.chunk',
      created: this.#created,
      model: this.#model,
      choices: [
        { index: 0, delta, logprobs: null, finish_reason: finish === null ? null : spellFinish(finish) },
      ],
    }
  }
}

const writeJson = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
