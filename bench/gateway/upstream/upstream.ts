import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startChild, type Child } from '../child.ts'
import type { Core } from '../cores.ts'
import type { Pace } from './fast-upstream.ts'
import type { Addresses, UpstreamSettings } from './messages.ts'

/** The upstream in its own process. */
export interface Upstream extends Addresses {
  readonly child: Child
  /** Sets how long the fast one takes from now on. */
  pace(pace: Pace): Promise<void>
}

export async function startUpstream(settings: UpstreamSettings, core: Core | null): Promise<Upstream> {
  const program = fileURLToPath(new URL('process.ts', import.meta.url))
  const child = startChild('the upstream', process.execPath, [program, JSON.stringify(settings)], {
    core,
    messages: true,
  })
  const [addresses] = (await child.orDies(once(child.process, 'message'))) as [Addresses]
  return {
    ...addresses,
    child,
    async pace(pace) {
      const told = once(child.process, 'message')
      child.process.send(pace)
      await child.orDies(told)
    },
  }
}
