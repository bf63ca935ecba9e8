import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Exchange } from '../http/exchange.ts'
import { createBodyEncoder, type BodyEncoder } from './body-encoder.ts'
import type { EventStep, Script, Split } from './script.ts'

/** Hears what really went out, as it goes out. */
export interface Recorder {
  headSent(status: number): void
  tokensSent(count: number): void
  bytesSent(count: number): void
  /** Nothing more will be sent. Called once, unless the client leaves first. */
  ended(how: 'complete' | 'error' | 'cut' | 'stalled' | 'reset'): void
}

/** Plays a script to its end, or until nobody listens. */
export async function playScript(script: Script, exchange: Exchange, recorder: Recorder): Promise<void> {
  const { left } = exchange
  const encoder = createBodyEncoder(script.compression)
  const send = createSender(script, exchange, encoder, recorder)
  // Waits are counted from one due time to the next, so that timer lag doesn't add up over a long stream.
  let dueAtMs = performance.now()

  for (const step of script.steps) {
    if (left.aborted) return
    switch (step.do) {
      case 'wait':
        dueAtMs += step.ms
        await pause(dueAtMs - performance.now(), left)
        break
      case 'head':
        recorder.headSent(step.status)
        await exchange.sendHead(
          step.status,
          step.headers,
          script.compression === null ? step.framing : 'chunked',
        )
        break
      case 'event':
        // Told before it is written: a client in the same process may see the token before the write's callback.
        if (step.part === 'token') recorder.tokensSent(1)
        await send(eventText(step))
        break
      case 'text':
        if (step.tokens > 0) recorder.tokensSent(step.tokens)
        await send(step.text)
        break
      case 'repeat':
        recorder.ended('stalled')
        while (!left.aborted) {
          await send(step.text)
          await pause(step.everyMs, left)
        }
        break
      case 'end':
        await playEnding(step.how, exchange, recorder, encoder)
        return
    }
  }
}

async function playEnding(
  how: 'complete' | 'error' | 'cut' | 'close' | 'reset' | 'stall',
  exchange: Exchange,
  recorder: Recorder,
  encoder: BodyEncoder,
): Promise<void> {
  switch (how) {
    case 'complete':
    case 'error':
    case 'cut':
      await exchange.sendBody(await encoder.finish())
      recorder.ended(how)
      await exchange.end()
      return
    case 'close':
      recorder.ended('cut')
      exchange.close()
      return
    case 'reset':
      recorder.ended('reset')
      exchange.reset()
      return
    case 'stall':
      recorder.ended('stalled')
      await new Promise<void>((resolve) => {
        if (exchange.left.aborted) resolve()
        exchange.left.addEventListener('abort', () => resolve(), { once: true })
      })
  }
}

function eventText({ event, data }: EventStep): string {
  return `${event === null ? '' : `event: ${event}\n`}data: ${data}\n\n`
}

/** Turns text into bytes on the socket: line ends, compression, then pieces. */
function createSender(
  script: Script,
  exchange: Exchange,
  encoder: BodyEncoder,
  recorder: Recorder,
): (text: string) => Promise<void> {
  let sentBytes = 0
  const streams = script.steps.some((step) => step.do === 'event')
  return async (text) => {
    const framed = streams ? text.replaceAll('\n', script.lineEnd) : text
    const bytes = await encoder.encode(Buffer.from(framed))
    for (const piece of cutPieces(bytes, script.split, sentBytes)) {
      await exchange.sendBody(piece)
      recorder.bytesSent(piece.length)
      if (script.split !== null) await setImmediate()
    }
    sentBytes += bytes.length
  }
}

function cutPieces(bytes: Buffer, split: Split | null, offset: number): readonly Buffer[] {
  if (split === null) return [bytes]
  const pieces: Buffer[] = []
  let start = 0
  for (let end = 1; end <= bytes.length; end += 1) {
    const isFull = split.pieceBytes !== null && end - start >= split.pieceBytes
    if (isFull || offset + end === split.at || end === bytes.length) {
      pieces.push(bytes.subarray(start, end))
      start = end
    }
  }
  return pieces
}

async function pause(ms: number, left: AbortSignal): Promise<void> {
  if (ms <= 0) return
  try {
    await setTimeout(ms, undefined, { signal: left })
  } catch (error) {
    if (!left.aborted) throw error
  }
}
