import { once } from 'node:events'
import { createServer } from 'node:net'

/** A port that this program wants, and what for. */
export interface WantedPort {
  readonly port: number
  readonly for: string
  /** The option that chooses another one. */
  readonly option: string
}

/** Says which of the ports are taken or wanted twice, before anything is started that would have to be stopped again. */
export async function takenPorts(wanted: readonly WantedPort[]): Promise<string[]> {
  const twice = wanted.filter((one, index) => wanted.findIndex(({ port }) => port === one.port) < index)
  if (twice.length > 0) {
    return twice.map(
      (one) => `Port ${one.port} is wanted twice, once for ${one.for}. Choose another with ${one.option}.`,
    )
  }
  const results = await Promise.all(wanted.map(async (one) => ((await isFree(one.port)) ? null : one)))
  return results.flatMap((one) =>
    one === null
      ? []
      : [
          `Port ${one.port}, wanted for ${one.for}, is taken. Stop the program that uses it, or choose another with ${one.option}.`,
        ],
  )
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
