/** One HTTP/1.1 request, read whole. Header names are in lower case; repeated headers are joined by `, `. */
export interface HttpRequest {
  readonly method: string
  /** The path without its query, still percent-encoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
  /** False when the client asked for `connection: close`. */
  readonly keepAlive: boolean
}
