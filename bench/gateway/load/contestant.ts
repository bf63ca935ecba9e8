/** Who takes part, in the order in which they stand in the tables. */
export const NAMES = ['direct', 'pass-through', 'paceline', 'portkey'] as const
export type Name = (typeof NAMES)[number]

/** Somebody who answers chat completions on loopback. */
export interface Contestant {
  readonly name: Name
  readonly port: number
  /** The process that does the work; null where there is nobody between the client and the upstream. */
  readonly pid: number | null
  readonly headers: Readonly<Record<string, string>>
}

/** A whole request as bytes on the wire, made once. */
export function requestBytes({ headers, port }: Contestant, body: object): Buffer {
  const json = JSON.stringify(body)
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(json)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST /v1/chat/completions HTTP/1.1\r\n${lines.join('')}\r\n${json}`)
}
