import { malformed } from '../classify.ts'
import { OpenAiStreamDecoder } from '../openai/stream-decoder.ts'
import { parseJson } from '../parse-json.ts'
import type { Part, RawEvent } from '../part.ts'
import type { StreamDecoder } from '../wire.ts'
import { isWorkersAiError, parseWorkersAiError } from './error.ts'
import { finishOf, NativeReader } from './native-answer.ts'

/** Reads the streams of a text generation model, in Workers AI's own shape or in OpenAI's, as the model has it. */
export class WorkersAiStreamDecoder implements StreamDecoder {
  readonly #limit: number | null
  readonly #chunks = new OpenAiStreamDecoder(1)
  readonly #native = new NativeReader()
  /** Which shapes were seen: its own has no finish marker but the end. */
  #isNative = false
  #hasChunks = false
  #hasCalls = false
  #outputTokens: number | null = null

  /** @param limit output tokens that were asked for at most */
  constructor(limit: number | null) {
    this.#limit = limit
  }

  decode(event: RawEvent): readonly Part[] {
    if (event.data === '[DONE]') return this.#decodeDone(event)
    const json = parseJson(event.data)
    if (!json.ok) return [{ kind: 'error', failure: malformed('stream', 'an event is no JSON') }]
    if (isWorkersAiError(json.value)) {
      return [{ kind: 'error', failure: parseWorkersAiError(null, json.value, 'stream') }]
    }
    const native = this.#native.read(json.value)
    if (native === null) {
      this.#hasChunks = true
      return this.#chunks.decode(event)
    }
    if (native === 'broken') {
      return [{ kind: 'error', failure: malformed('stream', 'an event is no answer of Workers AI') }]
    }
    this.#isNative = true
    this.#hasCalls ||= native.hasCalls
    this.#outputTokens = native.usage?.completion_tokens ?? this.#outputTokens
    return this.#chunks.read({ choices: [{ index: 0, delta: native.message }], usage: native.usage })
  }

  #decodeDone(event: RawEvent): readonly Part[] {
    const end = this.#chunks.decode(event)
    if (!this.#isNative || this.#hasChunks) return end
    return [
      { kind: 'finish', reason: finishOf(this.#hasCalls, this.#outputTokens, this.#limit) },
      { kind: 'done' },
    ]
  }
}
