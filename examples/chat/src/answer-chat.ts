import type { RequestHandle } from '@paceline/server-middleware'
import type { Response } from 'express'
import type { OpenAI } from 'openai'
import { answeredBy, answerStream } from './answer-stream.ts'
import type { ChatRequest } from './chat-request.ts'
import { remember } from './memory.ts'
import { plainWords } from './plain-words.ts'
import { refuse } from './refuse.ts'
import { sendEvent } from './send-event.ts'

export interface ChatUpstream {
  readonly client: OpenAI
  readonly model: string
  /** Ends every answer when the app closes. */
  readonly closing: AbortSignal
}

// The gateway watches for stalls itself; this only keeps a silent connection from staying open for ever.
const silenceMs = 60_000

/** Asks the gateway and streams its answer to the page. */
export async function answerChat(
  { messages }: ChatRequest,
  { client, model, closing }: ChatUpstream,
  paceline: RequestHandle,
  response: Response,
): Promise<void> {
  const upstream = new AbortController()
  const left = new AbortController()
  const leave = () => {
    left.abort()
    upstream.abort(new Error('The browser left.'))
  }
  const close = () => upstream.abort(new Error('The app is closing.'))
  response.on('close', leave)
  closing.addEventListener('abort', close, { once: true })
  if (closing.aborted) close()
  let silence: NodeJS.Timeout | undefined
  const listen = () => {
    silence = setTimeout(() => upstream.abort(new Error('Nothing came for a minute.')), silenceMs)
  }
  try {
    const memory = await remember(messages, paceline)
    const { data: chunks, response: answer } = await client.chat.completions
      .create({ model, messages: memory.messages, stream: true }, { signal: upstream.signal })
      .withResponse()
    paceline.relay(answer.headers)
    response.set({ 'content-type': 'application/x-ndjson; charset=utf-8', 'x-accel-buffering': 'no' })
    for await (const event of answerStream(chunks, answeredBy(answer.headers), memory.kept)) {
      // The time that the browser takes to read is not the gateway's silence.
      clearTimeout(silence)
      await sendEvent(response, event, left.signal)
      listen()
    }
  } catch (error) {
    const { status, message, advice } = plainWords(error)
    if (!response.headersSent && !response.destroyed) refuse(response, status, message, advice)
  } finally {
    clearTimeout(silence)
    closing.removeEventListener('abort', close)
    response.off('close', leave)
    response.end()
  }
}
