import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { Readable } from 'node:stream'
import { serve } from '@hono/node-server'
import type { Paceline, RequestHandle } from '@paceline/server-middleware'
import { expressMiddleware } from '@paceline/server-middleware/express'
import { honoMiddleware, type PacelineEnv } from '@paceline/server-middleware/hono'
import express from 'express'
import { Hono } from 'hono'

/** What a test's handler answers with. */
export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** A stream is sent part by part. */
  readonly body: string | ReadableStream<Uint8Array>
}

/** One handler for every route, in the terms of any framework. */
export type Handler = (handle: RequestHandle, path: string) => Promise<Reply> | Reply

export interface RunningServer {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

export type StartServer = (paceline: Paceline, handler: Handler) => Promise<RunningServer>

export const startExpress: StartServer = (paceline, handler) => {
  const app = express()
  app.use(expressMiddleware(paceline))
  // Below a router of its own, where Express hands on shortened paths.
  const router = express.Router()
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 handles what they throw
  router.use(async (request, response) => {
    const { status = 200, headers = {}, body } = await handler(request.paceline, request.originalUrl)
    response.status(status).set(headers)
    if (typeof body === 'string') response.send(body)
    else
      Readable.fromWeb(body as never)
        .on('error', () => response.destroy())
        .pipe(response)
  })
  app.use('/api', router)
  app.use(router)
  return running(createServer(app))
}

export const startHono: StartServer = (paceline, handler) => {
  const app = new Hono<PacelineEnv>()
  app.use(honoMiddleware(paceline))
  app.onError((_, c) => c.text('', 500))
  app.all('*', async (c) => {
    const { status = 200, headers = {}, body } = await handler(c.var.paceline, c.req.path)
    return c.body(body, status as 200, headers)
  })
  return running(serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server)
}

async function running(server: Server): Promise<RunningServer> {
  if (!server.listening) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
