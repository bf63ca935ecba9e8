import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createPaceline, type Paceline } from '@paceline/server-middleware'
import OpenAI from 'openai'
import { chatApp, type BrowserPaceline } from './chat-app.ts'
import { LONG_MEMORY } from './memory.ts'
import type { ChatProvider } from './provider-conditions.ts'

export interface ChatOptions {
  /** 0 for any free one. */
  readonly port: number
  /** The gateway's origin; the official client gets it as its base URL and needs nothing else. */
  readonly gatewayUrl: string
  readonly appKey: string
  readonly model: string
  readonly providers: readonly ChatProvider[]
  /** The edge that the server reports to and takes directives from; without it, it decides by itself. */
  readonly paceline?: {
    readonly edge: string
    readonly secret: string
    /** A file for the last good directives. */
    readonly statePath?: string
  }
  /** With a publishable key the page measures and reports. */
  readonly browser?: { readonly key: string }
}

export interface RunningChat {
  readonly url: string
  /** Ends open answers as incomplete, then stops. */
  close(): Promise<void>
}

const host = '127.0.0.1'
const gatewayTimeoutMs = 120_000
const closeGraceMs = 1_000

/** Starts the chat app on loopback. */
export async function startChat(options: ChatOptions): Promise<RunningChat> {
  const pageFolder = fileURLToPath(new URL('../page', import.meta.url))
  if (!existsSync(`${pageFolder}/index.html`))
    throw new Error('The chat page is not built yet: run `npm run build --workspace examples/chat` first.')
  const closing = new AbortController()
  const client = new OpenAI({
    baseURL: new URL('/v1', options.gatewayUrl).href,
    apiKey: options.appKey,
    // Whatever the machine's environment says about OpenAI is not meant for the gateway.
    organization: null,
    project: null,
    // The gateway is the one layer that retries.
    maxRetries: 0,
    timeout: gatewayTimeoutMs,
    logLevel: 'off',
  })
  const paceline = newPaceline(options)
  const server = createServer(
    chatApp({
      upstream: { client, model: options.model, closing: closing.signal },
      providers: options.providers,
      pageFolder,
      paceline,
      ...browserOf(options),
    }),
  )
  try {
    server.listen(options.port, host)
    await once(server, 'listening')
  } catch (error) {
    await paceline.close()
    throw listenFailure(error, options.port)
  }
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port

  return {
    url: `http://${host}:${port}`,
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      closing.abort()
      server.closeIdleConnections()
      const impatience = setTimeout(() => server.closeAllConnections(), closeGraceMs)
      await closed
      clearTimeout(impatience)
      await paceline.close()
    },
  }
}

const newPaceline = ({ paceline }: ChatOptions): Paceline =>
  createPaceline({
    // One page and one call: no route here is a luxury. What gives way is the memory.
    essential: ['/*'],
    routes: { 'POST /api/chat': 'interactive', '/api/providers/*': 'background' },
    features: LONG_MEMORY,
    name: 'chat',
    ...(paceline === undefined
      ? {}
      : { edge: paceline.edge, key: paceline.secret, statePath: paceline.statePath }),
  })

function browserOf({ browser, paceline, gatewayUrl, model }: ChatOptions): {
  readonly browser?: BrowserPaceline
} {
  if (browser === undefined) return {}
  return { browser: { edge: paceline?.edge ?? gatewayUrl, key: browser.key, route: model } }
}

function listenFailure(error: unknown, port: number): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return new Error(
      `Port ${port} is taken: stop the program that uses it, or choose another port for the chat.`,
    )
  if (code === 'EACCES') return new Error(`Port ${port} needs special rights: choose one above 1023.`)
  return error instanceof Error ? error : new Error(String(error))
}
