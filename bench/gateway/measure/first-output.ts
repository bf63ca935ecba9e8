import { setTimeout as wait } from 'node:timers/promises'
import { requestBytes, type Contestant, type Name } from '../load/contestant.ts'
import { Pool } from '../load/pool.ts'
import { timeStream } from '../load/time-stream.ts'

/** Times to first output in ms, of everybody who was asked in turn. */
export type FirstOutputs = ReadonlyMap<Name, readonly number[]>

/** Requests begin this far apart, so that none waits for another one's computing. */
const APART_MS = 12

/**
 * Asks the contestants in turn, one request each, at a pace that loads nobody: what one of them has to bear from the
 * machine, all have to bear.
 *
 * @throws Error when an answer is not whole
 */
export async function firstOutputRound(
  contestants: readonly Contestant[],
  lastsMs: number,
): Promise<FirstOutputs> {
  const lanes: readonly Lane[] = contestants.map((contestant) => ({
    name: contestant.name,
    pool: new Pool(contestant.port),
    request: requestBytes(contestant, {
      model: 'bench',
      stream: true,
      messages: [{ role: 'user', content: 'Why ride in a paceline?' }],
    }),
    times: [],
  }))
  const asked: Promise<void>[] = []
  const until = performance.now() + lastsMs
  for (let turn = 0; performance.now() < until; turn += 1) {
    // Whoever goes first in a turn finds the machine in another state than those behind: the order moves on.
    for (const place of lanes.keys()) {
      const lane = lanes[(turn + place) % lanes.length]
      if (lane === undefined) continue
      asked.push(timeOne(lane))
      await wait(APART_MS)
    }
  }
  try {
    await Promise.all(asked)
  } finally {
    for (const { pool } of lanes) pool.close()
  }
  return new Map(lanes.map(({ name, times }) => [name, times]))
}

interface Lane {
  readonly name: Name
  readonly pool: Pool
  readonly request: Buffer
  readonly times: number[]
}

async function timeOne({ name, pool, request, times }: Lane): Promise<void> {
  const { firstOutputMs, complete } = await timeStream(pool, request)
  if (firstOutputMs === null || !complete) throw new Error(`${name} gave an answer that is not whole.`)
  times.push(firstOutputMs)
}
