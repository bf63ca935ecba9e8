import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A word that reached the people on call. */
export interface Page {
  readonly at: number
  /** Stays the same when a message is sent again. */
  readonly id: string
  readonly type: string
  readonly incident: string
  readonly headline: string
}

export interface OnCall {
  readonly url: string
  readonly secret: string
  readonly pages: readonly Page[]
  /** Deliveries of a page that had come before, which receivers tell by its id. */
  readonly repeats: number
  /** Deliveries whose signature was wrong. */
  readonly forged: number
  close(): Promise<void>
}

/** The receiver of the people on call: takes what is signed for it, and notes when. */
export async function startOnCall(now: () => number): Promise<OnCall> {
  const key = randomBytes(24)
  const pages: Page[] = []
  let forged = 0
  let repeats = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const id = String(request.headers['webhook-id'])
      const signed = `${id}.${String(request.headers['webhook-timestamp'])}.${body}`
      const expected = Buffer.from(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
      const sent = Buffer.from(String(request.headers['webhook-signature']))
      if (sent.length !== expected.length || !timingSafeEqual(sent, expected)) {
        forged += 1
        response.writeHead(401).end()
        return
      }
      const { type, incident, briefing } = JSON.parse(body) as Page & { briefing: { headline: string } }
      if (pages.some((page) => page.id === id)) repeats += 1
      else pages.push({ at: now(), id, type, incident, headline: briefing.headline })
      response.writeHead(204).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    secret: `whsec_${key.toString('base64')}`,
    pages,
    get repeats() {
      return repeats
    },
    get forged() {
      return forged
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
