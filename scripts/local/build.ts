import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { bundleSdk } from './bundle-sdk.ts'

interface Ended {
  readonly code: number | null
  readonly output: string
}

/** Runs a command of node_modules/.bin. Its output is shown only when it fails. */
export async function run(command: string, args: readonly string[], folder: string): Promise<void> {
  const { code, output } = await finish(command, args, folder)
  if (code !== 0) throw new Error(`\`${[command, ...args].join(' ')}\` failed:\n${output}`)
}

/** Compiles the packages, or the given projects and what they need; the Worker carries the browser's script along. */
export async function compile(root: string, projects: readonly string[] = []): Promise<void> {
  await run('tsc', ['-b', 'packages/core'], root)
  await bundleSdk(root)
  await run('tsc', ['-b', ...projects], root)
}

/** Checks paceline.config.ts in a process of its own: this one may hold an older build of the packages. */
export async function checkConfig(root: string): Promise<void> {
  const { code, output } = await finish('node', ['scripts/check-config.ts'], root)
  if (code !== 0) throw new Error(output.trim())
}

async function finish(command: string, args: readonly string[], folder: string): Promise<Ended> {
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}
