import { setTimeout as wait } from 'node:timers/promises'
import { cpuMsOf } from '../process-figures.ts'
import { Connection } from './connection.ts'
import type { Contestant } from './contestant.ts'

/** How much a contestant gets done when it is always busy. */
export interface Throughput {
  readonly perSecond: number
  /** Answers for each second of its own processor time; null where that can't be seen. */
  readonly perCpuSecond: number | null
  /** The share of the time for which it was computing: well below 1, it was not what limited the rate. */
  readonly busy: number | null
}

export interface Saturation {
  readonly request: Buffer
  readonly connections: number
  readonly warmUpMs: number
  readonly measuredMs: number
  /** Whether the last bytes of an answer are those of a whole one. */
  readonly isWhole: (last: Buffer) => boolean
}

/**
 * Keeps every connection asking, and counts what is answered after the warm-up.
 *
 * @throws Error when any answer is not a whole 200: a rate of errors is no rate
 */
export async function saturate(contestant: Contestant, saturation: Saturation): Promise<Throughput> {
  const { request, connections: count, warmUpMs, measuredMs, isWhole } = saturation
  const connections = Array.from({ length: count }, () => new Connection(contestant.port))
  const failure = Promise.withResolvers<never>()
  let answered = 0
  let isOver = false
  const idle = connections.map((connection) => {
    const over = Promise.withResolvers<void>()
    let status = ''
    let last: Buffer = Buffer.alloc(0)
    const fail = (why: string): void => failure.reject(new Error(`${contestant.name} ${why}`))
    const listener = {
      head: (head: string) => (status = head.slice(9, 12)),
      body: (bytes: Buffer) => (last = bytes),
      broken: (why: string) => fail(`broke off: ${why}.`),
      end: () => {
        if (status !== '200' || !isWhole(last))
          return fail(`answered ${status}: ${last.toString().slice(0, 300)}`)
        answered += 1
        if (isOver) over.resolve()
        else connection.ask(request, listener)
      },
    }
    connection.ask(request, listener)
    return over.promise
  })
  try {
    await Promise.race([failure.promise, wait(warmUpMs)])
    const from = look(contestant, answered)
    await Promise.race([failure.promise, wait(measuredMs)])
    const to = look(contestant, answered)
    isOver = true
    await Promise.race([failure.promise, Promise.all(idle)])
    return between(from, to)
  } finally {
    for (const connection of connections) connection.close()
  }
}

interface Look {
  readonly at: number
  readonly answered: number
  readonly cpuMs: number | null
}

const look = ({ pid }: Contestant, answered: number): Look => ({
  at: performance.now(),
  answered,
  cpuMs: pid === null ? null : cpuMsOf(pid),
})

function between(from: Look, to: Look): Throughput {
  const ms = to.at - from.at
  const answers = to.answered - from.answered
  const cpuMs = from.cpuMs === null || to.cpuMs === null ? null : to.cpuMs - from.cpuMs
  return {
    perSecond: (answers / ms) * 1_000,
    perCpuSecond: cpuMs === null || cpuMs === 0 ? null : (answers / cpuMs) * 1_000,
    busy: cpuMs === null ? null : cpuMs / ms,
  }
}
