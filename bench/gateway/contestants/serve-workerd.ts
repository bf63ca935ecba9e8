import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startChild, type Child } from '../child.ts'
import type { Core } from '../cores.ts'
import { workerdConfig, type WorkerdPlan } from './workerd-config.ts'

/** A workerd with both Workers. */
export interface RunningWorkerd {
  readonly child: Child
  readonly pacelinePort: number
  readonly passThroughPort: number
  /** Where its inspector listens, if it was asked for. */
  readonly inspectorPort: number | null
  stop(): Promise<void>
}

interface Heard {
  readonly event: string
  readonly socket?: string
  readonly port: number
}

/** Runs workerd itself, with nothing before it, and with its Durable Objects on this machine's disk. */
export async function serveWorkerd(
  root: string,
  plan: Omit<WorkerdPlan, 'storage'>,
  { core, inspect = false }: { readonly core: Core | null; readonly inspect?: boolean },
): Promise<RunningWorkerd> {
  const folder = mkdtempSync(join(tmpdir(), 'paceline-bench-'))
  const storage = join(folder, 'objects')
  mkdirSync(storage)
  const file = join(folder, 'workerd.capnp')
  writeFileSync(file, workerdConfig({ ...plan, storage }), { mode: 0o600 })
  const ports = new Map<string, number>()
  const wanted = ['paceline', 'pass-through', ...(inspect ? ['inspector'] : [])]
  const listening = Promise.withResolvers<void>()
  const child = startChild(
    'workerd',
    join(root, 'node_modules', '.bin', 'workerd'),
    ['serve', '--control-fd=3', ...(inspect ? ['--inspector-addr=127.0.0.1:0'] : []), file],
    {
      core,
      control: (stream) => {
        createInterface(stream).on('line', (line) => {
          const { event, socket, port } = JSON.parse(line) as Heard
          if (event.startsWith('listen')) ports.set(socket ?? 'inspector', port)
          if (wanted.every((name) => ports.has(name))) listening.resolve()
        })
      },
    },
  )
  const stop = async (): Promise<void> => {
    await child.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await child.orDies(listening.promise)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    child,
    pacelinePort: ports.get('paceline') ?? 0,
    passThroughPort: ports.get('pass-through') ?? 0,
    inspectorPort: ports.get('inspector') ?? null,
    stop,
  }
}
