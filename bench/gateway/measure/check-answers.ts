import { requestBytes, type Contestant } from '../load/contestant.ts'
import { Connection } from '../load/connection.ts'
import { jsonLoad, streamLoad } from './throughput.ts'

/**
 * Asks everybody once each way, and compares what they say with what the upstream said: a fast wrong answer is no
 * achievement.
 *
 * @throws Error that names who said something else
 */
export async function checkAnswers(contestants: readonly Contestant[], expected: string): Promise<void> {
  for (const contestant of contestants) {
    for (const { body } of [jsonLoad(1), streamLoad(1)]) {
      const raw = await ask(contestant, body)
      const said = 'stream' in body ? wordsOfStream(raw) : wordsOfJson(raw)
      if (said !== expected)
        throw new Error(`${contestant.name} did not pass on what the upstream said: ${raw.slice(0, 500)}`)
    }
  }
}

function ask(contestant: Contestant, body: object): Promise<string> {
  const connection = new Connection(contestant.port)
  return new Promise<string>((resolve) => {
    const pieces: Buffer[] = []
    connection.ask(requestBytes(contestant, body), {
      body: (bytes) => pieces.push(bytes),
      end: () => resolve(Buffer.concat(pieces).toString()),
      broken: (why) => resolve(why),
    })
  }).finally(() => connection.close())
}

interface Chunk {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string }
    readonly message?: { readonly content?: string }
  }[]
}

const wordsOfStream = (raw: string): string =>
  raw
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => (JSON.parse(line.slice('data: '.length)) as Chunk).choices?.[0]?.delta?.content ?? '')
    .join('')

function wordsOfJson(raw: string): string {
  try {
    return (JSON.parse(raw) as Chunk).choices?.[0]?.message?.content ?? ''
  } catch {
    return ''
  }
}
