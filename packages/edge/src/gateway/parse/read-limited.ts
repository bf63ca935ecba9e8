/** What to do with what lies beyond the limit. */
type Beyond = 'stop' | 'discard'

export interface LimitedText {
  readonly text: string
  /** Whether the text is all there was. */
  readonly whole: boolean
}

const MOST_DISCARDED_BYTES = 100_000_000

/**
 * A body of limited size as text.
 *
 * @param beyond `stop` at the limit, with the text so far; or `discard`: read on and keep nothing, since a sender that
 *   is cut off never gets to read why
 */
export async function readLimited(
  body: ReadableStream<Uint8Array> | null,
  limitBytes: number,
  beyond: Beyond,
): Promise<LimitedText> {
  if (body === null) return { text: '', whole: true }
  const decoder = new TextDecoder()
  let size = 0
  let text = ''
  for await (const chunk of body) {
    const room = limitBytes - size
    size += chunk.byteLength
    if (size <= limitBytes) text += decoder.decode(chunk, { stream: true })
    else if (beyond === 'stop') return { text: text + decoder.decode(chunk.subarray(0, room)), whole: false }
    else if (size > MOST_DISCARDED_BYTES) return { text: '', whole: false }
    else text = ''
  }
  return { text: text + decoder.decode(), whole: size <= limitBytes }
}
