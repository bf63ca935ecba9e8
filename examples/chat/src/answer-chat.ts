import { once } from 'node:events'
import type { Response } from 'express'
import type { OpenAI } from 'openai'
import { answeredBy, answerStream } from './answer-stream.ts'
import type { ChatEvent, ChatProblem } from './chat-event.ts'
import type { ChatRequest } from './chat-request.ts'
import { plainWords } from './plain-words.ts'

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
  response: Response,
): Promise<void> {
  const upstream = new AbortController()
  const leave = () => upstream.abort(new Error('The browser left.'))
  const close = () => upstream.abort(new Error('The app is closing.'))
  response.on('close', leave)
  closing.addEventListener('abort', close, { once: true })
  if (closing.aborted) close()
  let silence: NodeJS.Timeout | undefined
  const heard = () => {
    clearTimeout(silence)
    silence = setTimeout(() => upstream.abort(new Error('Nothing came for a minute.')), silenceMs)
  }
  try {
    const { data: chunks, response: answer } = await client.chat.completions
      .create({ model, messages, stream: true }, { signal: upstream.signal })
      .withResponse()
    const timing = answer.headers.get('server-timing')
    if (timing !== null) response.set('server-timing', timing)
    response.set({ 'content-type': 'application/x-ndjson; charset=utf-8', 'x-accel-buffering': 'no' })
    for await (const event of answerStream(chunks, answeredBy(answer.headers))) {
      heard()
      await send(response, event)
    }
  } catch (error) {
    const { status, message, advice } = plainWords(error)
    if (!response.headersSent && !response.destroyed)
      response.status(status).json({ error: { message, advice } } satisfies ChatProblem)
  } finally {
    clearTimeout(silence)
    closing.removeEventListener('abort', close)
    response.off('close', leave)
    response.end()
  }
}

async function send(response: Response, event: ChatEvent): Promise<void> {
  if (response.destroyed || response.write(`${JSON.stringify(event)}\n`)) return
  await Promise.race([once(response, 'drain'), once(response, 'close')])
}
