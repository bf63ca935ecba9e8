import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A provider that says whatever a test wants, also what no mock would: for the habits of servers in the wild. */
export interface ScriptedProvider {
  readonly url: string
  /** How the next requests are answered. */
  answer(play: (response: ServerResponse) => void | Promise<void>): void
  close(): Promise<void>
}

export async function startScriptedProvider(): Promise<ScriptedProvider> {
  let play: (response: ServerResponse) => void | Promise<void> = (response) =>
    void response.writeHead(500).end()
  const server = createServer((request, response) => {
    request.resume().on('end', () => void play(response))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer(next) {
      play = next
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Plays chunks of a Chat Completions stream, each a piece of text and a finish reason. */
export const chunks =
  (pieces: readonly (readonly [text: string, finish: string | null])[], closing = 'data: [DONE]\n\n') =>
  (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const [content, finish] of pieces) {
      const choices = [{ index: 0, delta: { content }, finish_reason: finish }]
      response.write(`data: ${JSON.stringify({ id: 'x', model: 'scripted', choices })}\n\n`)
    }
    response.end(closing)
  }

export const json =
  (status: number, body: unknown) =>
  (response: ServerResponse): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
