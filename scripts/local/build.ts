import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs a command of node_modules/.bin. Its output is shown only when it fails. */
export async function run(command: string, args: readonly string[], folder: string): Promise<void> {
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`\`${command} ${args.join(' ')}\` failed:\n${output}`)
}
