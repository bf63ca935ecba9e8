import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import type { Core } from './cores.ts'

/** A process that this program started and will end. */
export interface Child {
  readonly process: ChildProcess
  readonly pid: number
  /** What `work` comes to, or an error with the child's last words if it dies before. */
  orDies<T>(work: Promise<T>): Promise<T>
  stop(): Promise<void>
}

interface ChildOptions {
  readonly core: Core | null
  /** Whether it is a Node process that talks by messages. */
  readonly messages?: boolean
  /** Whether it writes to a third descriptor, which `control` then reads. */
  readonly control?: (stream: Readable) => void
  readonly env?: Readonly<Record<string, string>>
}

/** As much of what a child writes as its last words need. */
const LAST_WORDS = 4_000

export function startChild(
  name: string,
  command: string,
  args: readonly string[],
  { core, messages = false, control, env = {} }: ChildOptions,
): Child {
  const [program, programArgs] =
    core === null ? [command, args] : ['taskset', ['-c', String(core), command, ...args]]
  const child = spawn(program, programArgs, {
    stdio: [
      'ignore',
      'pipe',
      'pipe',
      ...(messages ? ['ipc' as const] : []),
      ...(control ? ['pipe' as const] : []),
    ],
    env: { ...process.env, ...env },
  })
  // However this program ends, and however early.
  const endToo = (): boolean => child.kill('SIGKILL')
  process.once('exit', endToo)
  child.once('exit', () => process.off('exit', endToo))
  let words = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes: Buffer) => (words = (words + bytes.toString()).slice(-LAST_WORDS)))
  if (control) control(child.stdio[3] as Readable)
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(`it ended with ${code ?? signal}`))
  })
  // An exit of its own accord is news to whoever waits for the child, and to nobody after them.
  const death = ended.then((how) => {
    throw new Error(`${name} is not there any more: ${how}.\n${words.trim()}`)
  })
  death.catch(() => undefined)
  return {
    process: child,
    pid: child.pid ?? 0,
    orDies: (work) => Promise.race([work, death]),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      // Nothing that is measured here has anything to save.
      child.kill('SIGKILL')
      await gone
    },
  }
}
