import type { Contestant, Name } from '../load/contestant.ts'
import { requestBytes } from '../load/contestant.ts'
import { saturate, type Throughput } from '../load/saturate.ts'

export type Round = ReadonlyMap<Name, Throughput>

interface Kind {
  readonly body: object
  readonly connections: number
  readonly isWhole: (last: Buffer) => boolean
}

const message = { model: 'bench', messages: [{ role: 'user', content: 'Why ride in a paceline?' }] }

/** Unstreamed answers. */
export const jsonLoad = (connections: number): Kind => ({
  body: message,
  connections,
  isWhole: (last) => last.at(-1) === BRACE,
})

/** Streams; the upstream writes every chunk on its own. */
export const streamLoad = (connections: number): Kind => ({
  body: { ...message, stream: true },
  connections,
  isWhole: (last) => last.includes('data: [DONE]'),
})

const BRACE = '}'.charCodeAt(0)

/** Every contestant once, one after the other. */
export async function throughputRound(
  contestants: readonly Contestant[],
  { body, connections, isWhole }: Kind,
  times: { readonly warmUpMs: number; readonly measuredMs: number },
  say: (name: Name) => void,
): Promise<Round> {
  const round = new Map<Name, Throughput>()
  for (const contestant of contestants) {
    say(contestant.name)
    const request = requestBytes(contestant, body)
    round.set(contestant.name, await saturate(contestant, { request, connections, isWhole, ...times }))
  }
  return round
}
