import { invalid, type Problem } from '../problem.ts'
import { readLimited } from './read-limited.ts'
import { parseJson } from '../wire/parse-json.ts'

export type Body =
  | { readonly ok: true; readonly value: unknown; readonly bytes: number }
  | { readonly ok: false; readonly problem: Problem }

/** How large a body may be, and how long it may take to arrive. */
export interface BodyLimits {
  readonly bodyBytes: number
  readonly bodyMs: number
}

/** Reads a JSON body of limited size; a larger one is refused before it is held in memory. */
export async function readBody(request: Request, limits: BodyLimits): Promise<Body> {
  const type = request.headers.get('content-type')
  if (type !== null && !/^application\/([\w.-]+\+)?json\b/i.test(type)) {
    const message = `The request body must be JSON: send 'content-type: application/json'.`
    return {
      ok: false,
      problem: { status: 415, code: 'unsupported_media_type', message, param: null, retryable: false },
    }
  }
  const body = await readJson(
    request,
    limits,
    'this gateway takes. Send less, or have its operator raise limits.bodyBytes.',
  )
  if (!body.ok) return body
  if (typeof body.value !== 'object' || body.value === null || Array.isArray(body.value)) {
    return { ok: false, problem: invalid('The request body must be a JSON object.') }
  }
  return body
}

/**
 * Reads JSON of any type, whatever the request calls it.
 *
 * @param mend how the sentence goes on that names the limit to who went beyond it
 */
export async function readJson(request: Request, limits: BodyLimits, mend: string): Promise<Body> {
  const { bodyBytes, bodyMs } = limits
  // A caller that hangs up halfway hears nothing anyway.
  const text = await within(
    bodyMs,
    readText(request, bodyBytes).catch(() => ''),
  )
  if (text === LATE) return { ok: false, problem: tooSlow(bodyMs) }
  if (text === null) {
    const message = `The request body is larger than the ${bodyBytes.toLocaleString('en')} bytes that ${mend}`
    return {
      ok: false,
      problem: { status: 413, code: 'body_too_large', message, param: null, retryable: false },
    }
  }
  if (text === '') return { ok: false, problem: invalid('The request body is empty: expected JSON.') }
  if (isTooDeep(text)) {
    return {
      ok: false,
      problem: invalid(`The request body nests more than ${DEEPEST} levels deep. Send flatter JSON.`),
    }
  }
  const json = parseJson(text)
  if (json.ok) return { ok: true, value: json.value, bytes: text.length }
  return {
    ok: false,
    problem: { ...invalid('The request body is not valid JSON.'), code: 'invalid_json' },
  }
}

const LATE = Symbol('late')

/** What comes within the time, and else `LATE`: a body that trickles would hold its place for ever. */
async function within<T>(ms: number, coming: Promise<T>): Promise<T | typeof LATE> {
  const { promise: late, resolve } = Promise.withResolvers<typeof LATE>()
  const timer = setTimeout(resolve, ms, LATE)
  try {
    return await Promise.race([coming, late])
  } finally {
    clearTimeout(timer)
  }
}

const tooSlow = (bodyMs: number): Problem => ({
  status: 408,
  code: 'body_too_slow',
  message: `The request body did not arrive within ${bodyMs.toLocaleString('en')} ms. Send it faster, or send less; the gateway's operator may raise limits.bodyMs.`,
  param: null,
  retryable: true,
})

async function readText(request: Request, limitBytes: number): Promise<string | null> {
  const declared = Number(request.headers.get('content-length') ?? Number.NaN)
  if (declared <= limitBytes) return request.text()
  const { text, whole } = await readLimited(request.body, limitBytes, 'discard')
  return whole ? text : null
}

/** Far more than any request needs; far less than what outgrows a stack, here or at a provider. */
const DEEPEST = 500

/** Whether JSON nests deeper than `DEEPEST`. Most texts hold too few brackets to be looked at twice. */
function isTooDeep(text: string): boolean {
  let depth = 0
  let inString = false
  if (text.split('[', DEEPEST).length + text.split('{', DEEPEST).length < DEEPEST) return false
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]
    if (character === '"') inString = !inString
    else if (inString) index += character === '\\' ? 1 : 0
    else if (character === '[' || character === '{') {
      depth += 1
      if (depth > DEEPEST) return true
    } else if (character === ']' || character === '}') depth -= 1
  }
  return false
}
