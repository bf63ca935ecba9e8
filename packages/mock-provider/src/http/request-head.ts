/** A request that breaks HTTP/1.1 or a limit; `status` is the answer that it deserves. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Request line and header fields, before the body. */
export interface RequestHead {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: ReadonlyMap<string, string>
  readonly body: { readonly framing: 'sized'; readonly bytes: number } | { readonly framing: 'chunked' }
  readonly expectsContinue: boolean
  readonly keepAlive: boolean
}

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/(\d)\.(\d)$/
const headerField = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/
// Anything but tab, visible ASCII and bytes above 127 can smuggle a line past a laxer reader.
const forbiddenInValue = /[^\t\x20-\x7e\x80-\xff]/
const single = new Set(['host', 'content-length', 'content-type', 'transfer-encoding', 'authorization'])

/**
 * Reads the head of a request (RFC 9112), strictly: CRLF line ends only, no folded lines, one `host`, and never
 * both `content-length` and `transfer-encoding`.
 *
 * @param text - the head as Latin-1, without the empty line that ends it
 * @throws HttpError 400, 417, 501 or 505
 */
export function readRequestHead(text: string): RequestHead {
  const [first = '', ...lines] = text.split('\r\n')
  const line = requestLine.exec(first)
  if (line === null) throw new HttpError(400, `This is not an HTTP request line: ${JSON.stringify(first)}.`)
  const [, method = '', target = '', major, minor] = line
  if (major !== '1' || minor !== '1') {
    throw new HttpError(505, `HTTP/${major}.${minor} is not spoken here; send HTTP/1.1.`)
  }
  if (!target.startsWith('/'))
    throw new HttpError(400, 'The request target must be a path that starts with "/".')

  const headers = readFields(lines)
  if (!headers.has('host')) throw new HttpError(400, 'The host header is missing.')
  const expectation = headers.get('expect')?.toLowerCase()
  if (expectation !== undefined && expectation !== '100-continue') {
    throw new HttpError(417, `Cannot meet the expectation "${expectation}".`)
  }
  const [path = '/', query = ''] = target.split(/\?(.*)/s)
  return {
    method,
    path,
    query: new URLSearchParams(query),
    headers,
    body: bodyFraming(headers),
    expectsContinue: expectation !== undefined,
    keepAlive: !/\bclose\b/i.test(headers.get('connection') ?? ''),
  }
}

function readFields(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>()
  for (const line of lines) {
    const field = headerField.exec(line)
    const [, rawName = '', value = ''] = field ?? []
    if (field === null || forbiddenInValue.test(value)) {
      throw new HttpError(400, `This is not a header field: ${JSON.stringify(line.slice(0, 80))}.`)
    }
    const name = rawName.toLowerCase()
    const earlier = headers.get(name)
    if (earlier !== undefined && single.has(name)) {
      throw new HttpError(400, `The header ${name} is there twice.`)
    }
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`)
  }
  return headers
}

function bodyFraming(headers: ReadonlyMap<string, string>): RequestHead['body'] {
  const length = headers.get('content-length')
  const coding = headers.get('transfer-encoding')
  if (coding !== undefined) {
    if (length !== undefined) {
      throw new HttpError(400, 'content-length and transfer-encoding exclude each other.')
    }
    if (coding.toLowerCase() !== 'chunked') {
      throw new HttpError(501, `The transfer-encoding "${coding}" is not known; send "chunked".`)
    }
    return { framing: 'chunked' }
  }
  if (length === undefined) return { framing: 'sized', bytes: 0 }
  if (!/^\d{1,15}$/.test(length)) throw new HttpError(400, `"${length}" is not a content-length.`)
  return { framing: 'sized', bytes: Number(length) }
}
