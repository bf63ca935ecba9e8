import { malformed } from '../wire/classify.ts'
import { parseJson } from '../wire/parse-json.ts'
import type { PartGenerator, RawEvent, StreamEvent } from '../wire/part.ts'
import { SseReader } from '../wire/sse.ts'
import type { StreamDecoder } from '../wire/wire.ts'
import { forgetFrames } from './forget-frames.ts'

/**
 * The events of a provider's body, one batch for each read. Throws what the read throws: resets and aborts.
 *
 * @param keepRaw whether their own spelling can pass to the caller
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  decoder: StreamDecoder,
  longestEvent: number,
  keepRaw: boolean,
): PartGenerator {
  const text = new TextDecoder()
  const sse = new SseReader(longestEvent)
  const read = (raw: RawEvent): StreamEvent => ({ raw: keepRaw ? raw : null, parts: decoder.decode(raw) })
  const reader = body.getReader()
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      const events = sse.push(text.decode(step.value, { stream: true }))
      if (events === 'too-long') {
        yield [
          {
            raw: null,
            parts: [{ kind: 'error', failure: malformed('stream', 'an event is larger than the limit') }],
          },
        ]
        return
      }
      if (events.length > 0) yield events.map(read)
    }
    // A last event without its blank line counts if it is whole; a cut one says nothing that could be believed.
    const last = sse.end().filter(({ data }) => data === '[DONE]' || parseJson(data).ok)
    if (last.length > 0) yield last.map(read)
  } catch (error) {
    forgetFrames(error)
    throw error
  } finally {
    // Not awaited: a provider that has gone silent must not hold up its reader.
    reader.cancel().catch(() => undefined)
  }
}
