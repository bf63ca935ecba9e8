/** A response body of limited size, or null when it is larger. */
export async function readText(response: Response, limitBytes: number): Promise<string | null> {
  const body: ReadableStream<Uint8Array> | null = response.body
  if (body === null) return ''
  const declared = Number(response.headers.get('content-length') ?? Number.NaN)
  if (declared > limitBytes) return null
  // A length that is declared is also enforced by the runtime, and one read is cheaper than many.
  if (!Number.isNaN(declared)) return response.text()
  return (await readUpTo(body, limitBytes)).whole
}

const ERROR_BYTES = 65_536

/** As much of an error's body as its reason needs. */
export async function readErrorBody(response: Response): Promise<string> {
  const body: ReadableStream<Uint8Array> | null = response.body
  if (body === null) return ''
  try {
    const { whole, beginning } = await readUpTo(body, ERROR_BYTES)
    return whole ?? beginning
  } catch {
    // The status has said enough; a broken body adds nothing.
    return ''
  }
}

async function readUpTo(
  body: ReadableStream<Uint8Array>,
  limitBytes: number,
): Promise<{ whole: string | null; beginning: string }> {
  const decoder = new TextDecoder()
  let size = 0
  let text = ''
  for await (const chunk of body) {
    size += chunk.byteLength
    text += decoder.decode(chunk, { stream: true })
    if (size > limitBytes) return { whole: null, beginning: text.slice(0, limitBytes) }
  }
  text += decoder.decode()
  return { whole: text, beginning: text }
}
