import { invalid, type Problem } from './problem.ts'
import { parseJson } from './wire/parse-json.ts'

export type Body =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: Problem }

/** Stage 1. Reads a JSON body of limited size; a larger one is refused before it is held in memory. */
export async function readBody(request: Request, limitBytes: number): Promise<Body> {
  const type = request.headers.get('content-type')
  if (type !== null && !/^application\/([\w.-]+\+)?json\b/i.test(type)) {
    const message = `The request body must be JSON: send 'content-type: application/json'.`
    return {
      ok: false,
      problem: { status: 415, code: 'unsupported_media_type', message, param: null, retryable: false },
    }
  }
  // A caller that hangs up halfway hears nothing anyway.
  const text = await readText(request, limitBytes).catch(() => '')
  if (text === null) {
    const message = `The request body is larger than the ${limitBytes.toLocaleString('en')} bytes that this gateway takes. Send less, or have its operator raise limits.bodyBytes.`
    return {
      ok: false,
      problem: { status: 413, code: 'body_too_large', message, param: null, retryable: false },
    }
  }
  if (text === '')
    return { ok: false, problem: invalid('The request body is empty: expected a JSON object.') }
  const json = parseJson(text)
  if (json.ok && (typeof json.value !== 'object' || json.value === null || Array.isArray(json.value))) {
    return { ok: false, problem: invalid('The request body must be a JSON object.') }
  }
  if (json.ok) return { ok: true, value: json.value }
  return {
    ok: false,
    problem: { ...invalid('The request body is not valid JSON.'), code: 'invalid_json' },
  }
}

async function readText(request: Request, limitBytes: number): Promise<string | null> {
  const body: ReadableStream<Uint8Array> | null = request.body
  if (body === null) return ''
  const declared = Number(request.headers.get('content-length') ?? Number.NaN)
  if (declared <= limitBytes) return request.text()
  const decoder = new TextDecoder()
  let size = 0
  let text = ''
  for await (const chunk of body) {
    size += chunk.byteLength
    if (declared > limitBytes || size > limitBytes) {
      // Read on without keeping anything: a caller whose sending is cut off never gets to read why.
      text = ''
      if (size > MOST_DISCARDED_BYTES) return null
    } else text += decoder.decode(chunk, { stream: true })
  }
  return size > limitBytes ? null : text + decoder.decode()
}

const MOST_DISCARDED_BYTES = 100_000_000
