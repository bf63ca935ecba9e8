import { once } from 'node:events'
import { createServer } from 'node:net'

/** A port that this program wants, and what for. */
export interface WantedPort {
  readonly port: number
  readonly for: string
  /** The option that chooses another one. */
  readonly option: string
}

/**
 * Says which of the ports are taken or wanted twice, before anything is started that would have to be stopped again:
 * a line for each option that has to change.
 */
export async function takenPorts(wanted: readonly WantedPort[]): Promise<string[]> {
  const twice = wanted.filter((one, index) => wanted.findIndex(({ port }) => port === one.port) < index)
  if (twice.length > 0) {
    return twice.map(
      (one) => `Port ${one.port} is wanted twice, once for ${one.for}. Choose another with ${one.option}.`,
    )
  }
  const results = await Promise.all(wanted.map(async (one) => ((await isFree(one.port)) ? [] : [one])))
  const byOption = Map.groupBy(results.flat(), ({ option }) => option)
  return [...byOption].map(([option, ports]) => {
    const [numbers, purposes] = [
      ports.map(({ port }) => port).join(', '),
      ports.map((one) => one.for).join(', '),
    ]
    const [subject, verb, it] = ports.length === 1 ? ['Port', 'is', 'it'] : ['Ports', 'are', 'them']
    return `${subject} ${numbers}, wanted for ${purposes}, ${verb} taken. Stop what uses ${it}, or choose another with ${option}.`
  })
}

/** The first ports in a row, from `first` on, that are free just now and not among `avoided`. */
export async function freeRow(
  first: number,
  length: number,
  avoided: ReadonlySet<number> = new Set(),
): Promise<number[]> {
  for (let start = first; start + length - 1 <= 65_535; start += 1) {
    const row = Array.from({ length }, (_, index) => start + index)
    if (row.some((port) => avoided.has(port))) continue
    const free = await Promise.all(row.map(isFree))
    if (free.every(Boolean)) return row
  }
  throw new Error(`From ${first} on there are no ${length} free ports in a row.`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}
