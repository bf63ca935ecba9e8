import { malformed } from '../classify.ts'
import { parseJson } from '../parse-json.ts'
import type { Part, RawEvent } from '../part.ts'
import type { StreamDecoder } from '../wire.ts'
import { GeminiResponseReader } from './response-reader.ts'

/** Reads the events of streamGenerateContent. The format has no end of its own: streams just close. */
export class GeminiStreamDecoder implements StreamDecoder {
  readonly #reader = new GeminiResponseReader('stream')

  decode(event: RawEvent): readonly Part[] {
    const json = parseJson(event.data)
    if (json.ok) return this.#reader.read(json.value)
    return [{ kind: 'error', failure: malformed('stream', 'an event is no JSON') }]
  }
}
