import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { PacelineEvent, PublicDirectives } from '@paceline/core'
import { notice, source, version } from '@paceline/browser-sdk/drop-in'

/** How the stand-in answers the next posts of events. */
export type Reply = { readonly status: number; readonly retryAfter?: string } | 'hang-up' | 'keep'

/** An edge that keeps every event by source and id as the real one does, and that fails on command. */
export interface EdgeStandIn {
  readonly url: string
  /** What it has kept: each event once. */
  readonly kept: Map<string, PacelineEvent>
  /** Everything that came, with how it was answered. */
  readonly posts: { events: PacelineEvent[]; key: string; reply: Reply; at: number }[]
  directives: PublicDirectives | string
  directivesAsked: number
  /** While false the directives can't be had. */
  isDirectivesServed: boolean
  noticeAsked: number
  /** While false the notice's file is not there. */
  isNoticeServed: boolean
  /** Ids that it refuses. */
  refuses: (event: PacelineEvent) => boolean
  /** What becomes of each post; looked at once for each. */
  reply: () => Reply
  events<T extends PacelineEvent['type']>(type: T): Extract<PacelineEvent, { type: T }>[]
  close(): Promise<void>
}

export const CALM: PublicDirectives = {
  epoch: 1,
  version: 1,
  issuedAt: 1_760_000_000_000,
  maxAgeMs: 600_000,
  sdk: true,
  sampling: 1,
  mode: 'normal',
  notices: [],
}

const page = (name: string): string => readFileSync(new URL(`pages/${name}`, import.meta.url), 'utf8')

export async function startEdge(): Promise<EdgeStandIn> {
  const kept = new Map<string, PacelineEvent>()
  const sockets = new Set<Socket>()
  const edge: EdgeStandIn = {
    url: '',
    kept,
    posts: [],
    directives: CALM,
    directivesAsked: 0,
    isDirectivesServed: true,
    noticeAsked: 0,
    isNoticeServed: true,
    refuses: () => false,
    reply: () => 'keep',
    events: (type) =>
      [...kept.values()].filter(
        (event): event is Extract<PacelineEvent, { type: typeof type }> => event.type === type,
      ),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  const server: Server = createServer((request, response) => {
    // A request that is cut off on its way has not arrived.
    answer(edge, request, response).catch(() => response.destroy())
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return Object.assign(edge, { url: `http://127.0.0.1:${port}` })
}

/** The package's own entry, as an app's bundler would serve it. */
async function npmEntry(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(import.meta.resolve('@paceline/browser-sdk'))],
    bundle: true,
    write: false,
    format: 'esm',
    outdir: '/',
  })
  return outputFiles[0]?.text ?? ''
}

async function answer(edge: EdgeStandIn, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://edge')
  response.setHeader('access-control-allow-origin', '*')
  if (pathname === '/events') await takeEvents(edge, request, response)
  else if (pathname === '/directives') {
    edge.directivesAsked += 1
    if (!edge.isDirectivesServed) response.statusCode = 503
    const { directives } = edge
    response.setHeader('cache-control', 'no-cache')
    response.end(typeof directives === 'string' ? directives : JSON.stringify(directives))
  } else if (pathname === '/paceline.js') {
    response.setHeader('content-type', 'text/javascript')
    response.end(source)
  } else if (pathname === `/paceline-notice-${version}.js`) {
    edge.noticeAsked += 1
    response.statusCode = edge.isNoticeServed ? 200 : 404
    if (edge.isNoticeServed) response.setHeader('cache-control', 'public, max-age=31536000, immutable')
    response.setHeader('content-type', 'text/javascript')
    response.end(notice.source)
  } else if (pathname === '/npm.js') {
    response.setHeader('content-type', 'text/javascript')
    response.end(await npmEntry())
  } else if (pathname === '/answer') {
    const proof = searchParams.get('proof')
    if (proof !== null) response.setHeader('server-timing', `gateway;dur=5, paceline;desc="${proof}"`)
    response.flushHeaders()
    response.end('An answer.')
  } else if (pathname.endsWith('.html')) {
    const policy = searchParams.get('csp')
    if (policy !== null) response.setHeader('content-security-policy', policy)
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(page(pathname.slice(1)).replaceAll('EDGE_ORIGIN', searchParams.get('edge') ?? edge.url))
  } else {
    response.statusCode = 404
    response.end()
  }
}

async function takeEvents(
  edge: EdgeStandIn,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const { key, events } = JSON.parse(Buffer.concat(chunks).toString()) as {
    key: string
    events: PacelineEvent[]
  }
  const reply = edge.reply()
  edge.posts.push({ key, events, reply, at: performance.now() })
  if (reply === 'hang-up') {
    request.socket.destroy()
    return
  }
  if (reply !== 'keep') {
    response.statusCode = reply.status
    if (reply.retryAfter !== undefined) {
      response.setHeader('retry-after', reply.retryAfter)
      response.setHeader('access-control-expose-headers', 'retry-after')
    }
    response.end(JSON.stringify({ title: 'Not now' }))
    return
  }
  const verdicts = events.map((event) => {
    const name = `${event.source} ${event.id}`
    if (edge.refuses(event)) return { id: event.id, verdict: 'refused', reason: 'Not this one.' }
    const isKnown = edge.kept.has(name)
    edge.kept.set(name, edge.kept.get(name) ?? event)
    return { id: event.id, verdict: isKnown ? 'duplicate' : 'accepted' }
  })
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ verdicts, directives: null }))
}
