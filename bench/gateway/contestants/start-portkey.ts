import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freeRow } from '../../../scripts/local/ports.ts'
import { startChild, type Child } from '../child.ts'
import type { Core } from '../cores.ts'

/** A running Portkey OSS gateway. */
export interface RunningPortkey {
  readonly child: Child
  readonly port: number
}

/** Its console shows a spinner for a second before it listens. */
const PATIENCE_MS = 20_000

export async function startPortkey(root: string, core: Core | null): Promise<RunningPortkey> {
  const program = join(root, 'bench', 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js')
  if (!existsSync(program))
    throw new Error('Portkey is not installed. `npm run bench` installs it; or run `npm ci` in bench/.')
  const [port = 0] = await freeRow(18_787, 1)
  const loopback = fileURLToPath(new URL('on-loopback.mjs', import.meta.url))
  const child = startChild(
    'Portkey',
    process.execPath,
    ['--import', loopback, program, `--port=${port}`, '--headless'],
    { core, env: { NODE_ENV: 'production' } },
  )
  await child.orDies(untilAnswering(port))
  return { child, port }
}

async function untilAnswering(port: number): Promise<void> {
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null)
    if (answer !== null) {
      await answer.body?.cancel()
      return
    }
    if (Date.now() > until) throw new Error(`Portkey does not answer on port ${port}.`)
    await wait(50)
  }
}
