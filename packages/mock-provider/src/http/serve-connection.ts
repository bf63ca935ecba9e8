import type { Socket } from 'node:net'
import { Exchange } from './exchange.ts'
import type { HttpRequest } from './http-request.ts'
import { sendProblem } from './problem.ts'
import { HttpError } from './request-head.ts'
import { defaultLimits, RequestReader, type ReadResult } from './request-reader.ts'

export type AnswerRequest = (request: HttpRequest, exchange: Exchange) => Promise<void>

/** Serves the requests of one connection, one after the other, until either side closes it. */
export function serveConnection(socket: Socket, answer: AnswerRequest, closing: AbortSignal): void {
  const reader = new RequestReader()
  let current: Exchange | null = null
  let busy = false

  socket.setNoDelay(true)
  const destroy = (): void => {
    current?.leave('server-closed')
    socket.destroy()
  }
  const leave = (): void => current?.leave('client-left')
  closing.addEventListener('abort', destroy, { once: true })
  // A FIN counts as leaving: no client of an AI provider half-closes and still wants the answer.
  socket.on('end', leave)
  socket.on('close', () => {
    closing.removeEventListener('abort', destroy)
    leave()
  })
  // 'close' follows; the reason does not matter to anyone.
  socket.on('error', leave)
  socket.on('data', (bytes) => {
    reader.push(bytes)
    // Reading goes on during an answer, or a client that leaves would go unnoticed.
    if (reader.pendingBytes > defaultLimits.headBytes + defaultLimits.bodyBytes) socket.destroy()
    void serve()
  })

  async function serve(): Promise<void> {
    if (busy) return
    busy = true
    try {
      while (await serveNext());
    } finally {
      busy = false
    }
  }

  /** False when there is nothing left to answer for now. */
  async function serveNext(): Promise<boolean> {
    const result = await readOrRefuse()
    if (result === null) return false
    if (result.type === 'incomplete') {
      if (result.continueWanted) socket.write('HTTP/1.1 100 Continue\r\n\r\n')
      return false
    }
    const exchange = new Exchange(socket, result.request.keepAlive)
    current = exchange
    try {
      await answer(result.request, exchange)
    } catch (error) {
      if (exchange.headSent) exchange.reset()
      else
        await sendProblem(exchange, {
          status: 500,
          title: 'A bug in the mock provider',
          detail: String(error),
        })
    }
    current = null
    if (exchange.keepsAlive) return true
    socket.end()
    return false
  }

  async function readOrRefuse(): Promise<ReadResult | null> {
    if (!socket.writable) return null
    try {
      return reader.read()
    } catch (error) {
      if (!(error instanceof HttpError)) throw error
      socket.removeAllListeners('data')
      const exchange = new Exchange(socket, false)
      await sendProblem(exchange, { status: error.status, title: 'Bad HTTP request', detail: error.message })
      socket.end()
      return null
    }
  }
}
