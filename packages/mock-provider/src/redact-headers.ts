const credentials = new Set([
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'x-goog-api-key',
  'api-key',
  'cookie',
])

/** The headers of a request as the log keeps them. */
export function redactHeaders(headers: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...headers].map(([name, value]) => [name, credentials.has(name) ? '[redacted]' : value]),
  )
}
