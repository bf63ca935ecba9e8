import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { createPaceline, type Paceline } from '@paceline/server-middleware'
import OpenAI from 'openai'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chatApp, type ChatParts } from './chat-app.ts'
import { LONG_MEMORY } from './memory.ts'

const browser = { edge: 'https://edge.test', key: 'pk-1', route: 'chat' }
const TIMING = 'gateway;dur=12, paceline;desc="c1.r1.3"'
const ANSWER = [
  'data: {"choices":[{"index":0,"delta":{"content":"word"}}]}',
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
  'data: [DONE]',
].join('\n\n')

const closers: (() => Promise<unknown> | void)[] = []
let asked: { readonly messages: readonly { readonly content: string }[] }[]
let paceline: Paceline
let gatewayUrl: string

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

beforeEach(async () => {
  asked = []
  gatewayUrl = await listening(
    createServer((request, response) => {
      void text(request).then((body) => {
        asked.push(JSON.parse(body) as (typeof asked)[number])
        response.writeHead(200, { 'content-type': 'text/event-stream', 'server-timing': TIMING })
        return response.end(`${ANSWER}\n\n`)
      })
    }),
  )
  paceline = createPaceline({ essential: ['/*'], features: LONG_MEMORY })
  closers.push(() => paceline.close())
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

function startApp(more: Partial<ChatParts> = {}): Promise<string> {
  const client = new OpenAI({ baseURL: `${gatewayUrl}/v1`, apiKey: 'k', maxRetries: 0 })
  const upstream = { client, model: 'chat', closing: new AbortController().signal }
  const parts = { upstream, providers: [], pageFolder: '/nowhere', paceline }
  return listening(createServer(chatApp({ ...parts, ...more })))
}

const conversation = (length: number) =>
  Array.from({ length }, (_, index) => ({
    role: (length - index) % 2 === 1 ? 'user' : 'assistant',
    content: String(index),
  }))

async function askWith(length: number): Promise<{ readonly response: Response; readonly start: unknown }> {
  const response = await fetch(`${await startApp()}/api/chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages: conversation(length) }),
  })
  const [start = ''] = (await response.text()).split('\n')
  return { response, start: JSON.parse(start) }
}
const sentAlong = (): readonly string[] | undefined => asked[0]?.messages.map(({ content }) => content)
const stepBack = (mode: 'conserving' | 'degraded'): void =>
  paceline.pin(mode, { ttlMs: 60_000, reason: 'this test' })

describe('a question', () => {
  it('takes the whole conversation along', async () => {
    const { start } = await askWith(7)
    expect(sentAlong()).toHaveLength(7)
    expect(start).not.toHaveProperty('memory')
  })

  it('takes the last turns along when the server conserves, from a user’s on, and says so', async () => {
    stepBack('conserving')
    const { start } = await askWith(7)
    expect(sentAlong()).toEqual(['4', '5', '6'])
    expect(start).toMatchObject({ memory: 'recent' })
  })

  it('goes alone when the server is degraded, and says so', async () => {
    stepBack('degraded')
    const { start } = await askWith(7)
    expect(sentAlong()).toEqual(['6'])
    expect(start).toMatchObject({ memory: 'question' })
  })

  it('says nothing of its memory where nothing was left out', async () => {
    stepBack('degraded')
    expect((await askWith(1)).start).not.toHaveProperty('memory')
  })

  it('hands the gateway’s Server-Timing on to the page', async () => {
    const { response } = await askWith(1)
    expect(response.headers.get('server-timing')).toBe(TIMING)
  })
})

describe('the page’s SDK', () => {
  it('learns where the edge is, and may talk to it', async () => {
    const response = await fetch(`${await startApp({ browser })}/api/paceline`)
    expect(await response.json()).toEqual(browser)
    expect(response.headers.get('content-security-policy')).toContain("connect-src 'self' https://edge.test;")
  })

  it('is told so where nothing is measured', async () => {
    const response = await fetch(`${await startApp()}/api/paceline`)
    expect(response.status).toBe(404)
    expect(response.headers.get('content-security-policy')).toContain("connect-src 'self';")
  })
})
