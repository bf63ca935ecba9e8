import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { NO_DIRECTIVES, type Base, type PacelineEvent, type ServerDirectives } from '@paceline/core'
import { CompactSign, exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose'
import { acceptWebSocket, type ServerSocket } from './websocket-server.ts'

/** An edge that says what a test tells it to, over real sockets. */
export interface ScriptedEdge {
  readonly url: string
  readonly port: number
  /** Everything that was reported, in the order in which it came. */
  readonly events: readonly PacelineEvent[]
  /** Method and path of every request, upgrades too. */
  readonly requests: readonly string[]
  readonly connected: number
  /** The keys that it publishes. */
  keys: readonly SigningKey[]
  /** What the keys' address answers, where it is not 200. */
  keysStatus: number
  /** What an answer to `GET /directives` waits for; it says what was published when it was asked for. */
  delay: Promise<void> | null
  /** Signs a document and makes it the one that is told, to pollers and on every connection. */
  publish(directives: ServerDirectives, key?: SigningKey): Promise<void>
  /** Says anything on every connection. */
  say(text: string): void
  /** Breaks every connection off. */
  hangUp(): void
  close(): Promise<void>
}

export interface SigningKey {
  readonly privateKey: CryptoKey
  readonly publicKey: JWK & { kty: 'OKP'; crv: 'Ed25519'; x: string; kid: string }
}

export const SECRET = 'server-secret'

export async function newSigningKey(kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const { x = '' } = await exportJWK(publicKey)
  return { privateKey, publicKey: { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' } }
}

export function sign(payload: string, { privateKey, publicKey }: SigningKey): Promise<string> {
  return new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg: 'EdDSA', kid: publicKey.kid })
    .sign(privateKey)
}

/** Directives that differ from none at all in what a test is about. */
export const directives = (
  version: number,
  base: Partial<Base> = {},
  more: Partial<ServerDirectives> = {},
): ServerDirectives => ({
  ...NO_DIRECTIVES,
  epoch: 1,
  version,
  // Never old by any clock of these tests.
  issuedAt: Date.UTC(2100, 0, 1),
  maxAgeMs: 600_000,
  base: { ...NO_DIRECTIVES.base, ...base },
  ...more,
})

export async function startScriptedEdge(key: SigningKey, port = 0): Promise<ScriptedEdge> {
  const events: PacelineEvent[] = []
  const requests: string[] = []
  const sockets = new Set<ServerSocket>()
  let told: { readonly jws: string; readonly etag: string } | null = null

  const isAllowed = ({ headers }: IncomingMessage): boolean => headers.authorization === `Bearer ${SECRET}`
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests.push(`${request.method} ${request.url}`)
    if (!isAllowed(request)) response.writeHead(401).end()
    else if (request.url === '/directives/keys')
      response
        .writeHead(edge.keysStatus, { 'content-type': 'application/jwk-set+json' })
        .end(JSON.stringify({ keys: edge.keys.map(({ publicKey }) => publicKey) }))
    else if (request.url === '/directives') await tell(request, response)
    else if (request.url === '/events') await collect(request, response)
    else response.writeHead(404).end()
  }
  async function tell(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const known = told
    await edge.delay
    if (known === null) response.writeHead(503, { 'retry-after': '1' }).end()
    else if (request.headers['if-none-match'] === known.etag) response.writeHead(304).end()
    else response.writeHead(200, { 'content-type': 'application/jose', etag: known.etag }).end(known.jws)
  }
  async function collect(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const batch = JSON.parse(await text(request)) as PacelineEvent[]
    events.push(...batch)
    const verdicts = batch.map(({ id }) => ({ id, verdict: 'accepted' }))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ verdicts, directives: null }))
  }

  const server = createServer((request, response) => void answer(request, response))
  server.on('upgrade', (request, socket) => {
    requests.push(`UPGRADE ${request.url}`)
    if (!isAllowed(request) || request.url !== '/directives/socket') {
      socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n')
      return
    }
    const connection = acceptWebSocket(request, socket as never, (said) => {
      if (said === 'ping') connection.send('pong')
    })
    sockets.add(connection)
    socket.on('close', () => sockets.delete(connection))
    if (told !== null) connection.send(told.jws)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const boundPort = typeof address === 'object' && address !== null ? address.port : port
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy()
  }

  const edge: ScriptedEdge = {
    url: `http://127.0.0.1:${boundPort}`,
    port: boundPort,
    events,
    requests,
    get connected() {
      return sockets.size
    },
    keys: [key],
    keysStatus: 200,
    delay: null,
    async publish(directives, signedWith = key) {
      const jws = await sign(JSON.stringify(directives), signedWith)
      told = { jws, etag: `"${directives.epoch}.${directives.version}"` }
      edge.say(jws)
    },
    say(text) {
      for (const socket of sockets) socket.send(text)
    },
    hangUp,
    async close() {
      const closed = once(server, 'close')
      server.close()
      hangUp()
      server.closeAllConnections()
      await closed
    },
  }
  return edge
}
