import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { MessageReader } from '../message-reader.ts'
import type { Answers } from './answers.ts'

/** How long the upstream takes, in ms. Unstreamed answers come at once. */
export interface Pace {
  readonly firstTokenMs: number
  /** From one chunk to the next; each is written on its own in any case. */
  readonly gapMs: number
}

/**
 * A provider that costs as little as possible: raw TCP, answers made beforehand, nothing parsed but the framing. The
 * mock provider plays faults and logs attempts, which is more than a measure of throughput can afford.
 *
 * @returns its port
 */
export async function startFastUpstream(answers: Answers, pace: () => Pace): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => serve(socket, answers, pace))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const STREAMED = Buffer.from('"stream":true')

function serve(socket: Socket, answers: Answers, pace: () => Pace): void {
  let streamed = false
  const reader = new MessageReader({
    head: () => (streamed = false),
    body: (bytes) => (streamed ||= bytes.includes(STREAMED)),
    end: () => {
      if (streamed) speak(socket, answers, pace())
      else socket.write(answers.json)
    },
  })
  socket.on('data', (bytes) => reader.push(bytes))
  // Whoever resets a connection has left, and nothing more is to be said to them.
  socket.on('error', () => socket.destroy())
}

function speak(
  socket: Socket,
  { streamHead, role, words, finish }: Answers,
  { firstTokenMs, gapMs }: Pace,
): void {
  socket.write(Buffer.concat([streamHead, role]))
  let at = 0
  const say = (): boolean => {
    socket.write(words[at] ?? finish)
    at += 1
    return at <= words.length && !socket.destroyed
  }
  const next = (): void => {
    if (say()) setTimeout(next, gapMs)
  }
  const begin = (): void => {
    if (socket.destroyed) return
    if (gapMs > 0) return next()
    while (say());
  }
  if (firstTokenMs === 0) begin()
  else setTimeout(begin, firstTokenMs)
}
